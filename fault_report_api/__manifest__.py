{
    "name": "Fault Reports: API and Web Sites",
    "summary": "Web sites and programs file fault reports with a key, by JSON or by a "
    "form in a page",
    "version": "19.0.1.4.0",
    "category": "Services/Fault Reports",
    "license": "LGPL-3",
    "author": "The Fault Report contributors",
    "depends": ["fault_report"],
    # Checks requests by the schema that documents them
    "external_dependencies": {"python": ["jsonschema"]},
    "data": [
        "security/ir.model.access.csv",
        "security/ir_rules.xml",
        "views/embed_templates.xml",
        "views/fault_report_integration_views.xml",
        "views/fault_report_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "demo": ["demo/fault_report_demo.xml"],
}
