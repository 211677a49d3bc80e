{
    "name": "Fault Reports: Repairs",
    "summary": "A fault report becomes a repair order",
    "version": "19.0.1.1.0",
    "category": "Services/Fault Reports",
    "license": "LGPL-3",
    "author": "The Fault Report contributors",
    "depends": ["fault_report", "repair"],
    "data": ["views/repair_order_views.xml"],
    "demo": ["demo/repair_demo.xml"],
    "auto_install": True,
}
