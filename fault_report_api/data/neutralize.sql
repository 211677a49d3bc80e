-- keys of the original file no reports here
UPDATE fault_report_integration
   SET active = false,
       key_prefix = NULL,
       key_hash = NULL,
       former_key_hash = NULL,
       former_key_until = NULL,
       allowed_origins = NULL;
DELETE FROM fault_report_integration_origin;
