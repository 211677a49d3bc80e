from . import test_fieldservice
