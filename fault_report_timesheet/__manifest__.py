{
    "name": "Fault Reports: Timesheets",
    "summary": "The time of notes on fault reports is in the timesheets",
    "version": "19.0.1.2.0",
    "category": "Services/Fault Reports",
    "license": "LGPL-3",
    "author": "The Fault Report contributors",
    "depends": ["fault_report", "hr_timesheet"],
    "data": ["views/res_config_settings_views.xml"],
    "auto_install": True,
}
