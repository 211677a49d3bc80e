{
    "name": "Fault Reports: Webhooks",
    "summary": "Other programs receive signed messages about fault reports",
    "version": "19.0.1.4.0",
    "category": "Services/Fault Reports",
    "license": "LGPL-3",
    "author": "The Fault Report contributors",
    "depends": ["fault_report"],
    "data": [
        "security/ir.model.access.csv",
        "security/ir_rules.xml",
        "data/ir_cron_data.xml",
        "views/fault_report_webhook_views.xml",
    ],
}
