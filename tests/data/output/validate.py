# SPDX-License-Identifier: BSD-2-Clause
"""validate.py SCHEMA DOCUMENTS [REFERENCE]: prints y or n for each document of a list, nothing without jsonschema."""
import json
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    sys.exit(0)

schema = json.load(open(sys.argv[1], encoding="utf-8"))
Draft202012Validator.check_schema(schema)
if sys.argv[3:] and sys.argv[3]:
    schema = {"$ref": sys.argv[3], "$defs": schema["$defs"]}
validator = Draft202012Validator(schema)
for document in json.load(open(sys.argv[2], encoding="utf-8")):
    print("y" if validator.is_valid(document) else "n", end="")
