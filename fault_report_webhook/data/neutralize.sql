-- other programs are not notified of what happens here
UPDATE fault_report_webhook
   SET active = false,
       url = 'https://neutralized.invalid/',
       secret = 'neutralized',
       failures = 0,
       paused_until = NULL,
       last_error = NULL;

-- deliveries have the links of the original, and pending ones would be sent
DELETE FROM fault_report_webhook_delivery;
