{
    "name": "Routes for Benchmarks",
    "summary": "The least that a request to the API can cost",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "The Fault Report contributors",
    "license": "LGPL-3",
    "depends": ["fault_report_api"],
    "installable": True,
}
