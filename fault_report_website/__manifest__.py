{
    "name": "Fault Reports: Website",
    "summary": "Visitors report faults in a building block of the website",
    "version": "19.0.1.2.0",
    "category": "Services/Fault Reports",
    "license": "LGPL-3",
    "author": "The Fault Report contributors",
    "depends": ["fault_report", "website"],
    "data": [
        "views/page_templates.xml",
        "views/signin_templates.xml",
        "views/snippets/s_fault_report.xml",
        "views/snippets/s_fault_report_signin.xml",
        "views/snippets/snippets.xml",
    ],
    "assets": {
        "web.assets_frontend": [
            "fault_report_website/static/src/snippets/**/*",
        ],
        "website.website_builder_assets": [
            "fault_report_website/static/src/website_builder/**/*",
        ],
        "web.assets_tests": ["fault_report_website/static/tests/tours/**/*"],
    },
}
