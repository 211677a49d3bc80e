-- links of the original open nothing here, and no alert goes on
UPDATE fault_report_oncall_alert
   SET secret = NULL,
       next_at = NULL,
       state = CASE WHEN state = 'open' THEN 'closed' ELSE state END;

-- their messages are not sent
DELETE FROM sms_sms
 WHERE state = 'outgoing'
   AND id IN (SELECT sms_id FROM fault_report_oncall_log);
DELETE FROM mail_mail
 WHERE id IN (SELECT mail_id FROM fault_report_oncall_log);
