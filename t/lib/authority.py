#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Starts the scriptable token authority of the package beside this file;
# --help lists its options, authority/__init__.py says what it can do.

import sys

from authority.main import main

if __name__ == "__main__":
    sys.exit(main())
