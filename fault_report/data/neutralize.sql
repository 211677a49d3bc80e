-- e-mails to the addresses of the original file no reports here
UPDATE mail_alias
   SET alias_name = NULL, alias_full_name = NULL
 WHERE id IN (SELECT fault_report_alias_id FROM res_company);

-- messages that wait or failed are not sent
UPDATE mail_notification
   SET notification_status = 'canceled'
 WHERE notification_status IN ('ready', 'process', 'exception')
   AND mail_message_id IN (SELECT id FROM mail_message WHERE model = 'fault.report');
DELETE FROM mail_mail
 WHERE state IN ('outgoing', 'exception')
   AND mail_message_id IN (SELECT id FROM mail_message WHERE model = 'fault.report');
DELETE FROM sms_sms
 WHERE state NOT IN ('pending', 'sent', 'canceled')
   AND mail_message_id IN (SELECT id FROM mail_message WHERE model = 'fault.report');
DELETE FROM mail_scheduled_message
 WHERE model = 'fault.report';

-- no reminder, escalation, notice, alarm of a service level or summary is due
UPDATE fault_report
   SET reminder_date = NULL,
       escalation_date = NULL,
       unassigned_date = NULL,
       sla_alarm_date = NULL,
       is_in_summary = false;

-- tracking pages of the original are not opened with the tokens of the copy
UPDATE fault_report
   SET access_token = NULL;

-- calendars subscribe to the original, not to the copy
UPDATE res_users
   SET fault_report_calendar_key = NULL;

-- responses to repeated requests have the links of the original
DELETE FROM fault_report_submission;

-- links of messages lead to the copy, and open nothing in the original
UPDATE mail_message
   SET body = REGEXP_REPLACE(
       REGEXP_REPLACE(
           body,
           'https?://[^/"''<>[:space:]]+(/(my/fault_reports|odoo/fault-reports))',
           '\1', 'g'
       ),
       '([?]|&(amp;)?)access_token=[^"''&<>[:space:]]+', '', 'g'
   )
 WHERE model = 'fault.report'
   AND body ~ 'https?://';
