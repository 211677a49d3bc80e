{
    "name": "Fault Reports: QR Codes",
    "summary": "Labels on service objects open a page on which anyone can report a "
    "fault",
    "version": "19.0.1.4.0",
    "category": "Services/Fault Reports",
    "license": "LGPL-3",
    "author": "The Fault Report contributors",
    "depends": ["fault_report"],
    "data": [
        "security/ir.model.access.csv",
        "security/ir_rules.xml",
        "wizards/fault_report_label_views.xml",
        "views/maintenance_equipment_views.xml",
        "views/qr_templates.xml",
        "views/res_partner_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "assets": {
        "fault_report_qr.assets_page": ["fault_report_qr/static/src/qr_page.css"],
    },
    "demo": ["demo/fault_report_demo.xml"],
}
