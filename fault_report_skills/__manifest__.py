{
    "name": "Fault Reports: Skills",
    "summary": "Members of a team with the skill that an object needs get its reports",
    "version": "19.0.1.0.0",
    "category": "Services/Fault Reports",
    "license": "LGPL-3",
    "author": "The Fault Report contributors",
    "depends": ["fault_report", "hr_skills"],
    "data": ["views/maintenance_equipment_category_views.xml"],
    "auto_install": True,
}
