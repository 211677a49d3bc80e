{
    "name": "Fault Reports: Time Off",
    "summary": "New fault reports pass over technicians on time off or not at work",
    "version": "19.0.1.0.0",
    "category": "Services/Fault Reports",
    "license": "LGPL-3",
    "author": "The Fault Report contributors",
    "depends": ["fault_report", "hr_holidays"],
    "auto_install": True,
}
