{
    "name": "Fault Reports: Tasks",
    "summary": "A fault report becomes a task of Project",
    "version": "19.0.1.3.0",
    "category": "Services/Fault Reports",
    "license": "LGPL-3",
    "author": "The Fault Report contributors",
    "depends": ["fault_report", "project"],
    "data": [
        "security/ir.model.access.csv",
        "security/ir_rules.xml",
        "views/project_task_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "demo": ["demo/project_demo.xml"],
    "auto_install": True,
}
