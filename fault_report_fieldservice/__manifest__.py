{
    "name": "Fault Reports: Field Service",
    "summary": "A fault report becomes an order of OCA's Field Service",
    "version": "19.0.1.2.0",
    "category": "Services/Fault Reports",
    "license": "AGPL-3",
    "author": "The Fault Report contributors",
    "depends": ["fault_report", "fieldservice"],
    "data": ["security/ir_rules.xml", "views/fsm_order_views.xml"],
    "demo": ["demo/fieldservice_demo.xml"],
}
