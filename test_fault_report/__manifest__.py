{
    "name": "Fault Reports: Tests of All Together",
    "summary": "Tests of what holds for every channel, with all of them installed",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "license": "LGPL-3",
    "author": "The Fault Report contributors",
    "depends": [
        "fault_report_api",
        "fault_report_oncall",
        "fault_report_qr",
        "fault_report_webhook",
    ],
}
