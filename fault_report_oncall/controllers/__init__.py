from . import oncall
