{
    "name": "Fault Reports: Privacy Lookup",
    "summary": "Privacy Lookup finds fault reports by name, e-mail address and phone",
    "version": "19.0.1.0.0",
    "category": "Services/Fault Reports",
    "license": "LGPL-3",
    "author": "The Fault Report contributors",
    "depends": ["fault_report", "privacy_lookup"],
    "auto_install": True,
}
