# Copyright (C) The ngx_http_auth_token_module authors

"""What tests set and read.  One instance for the whole process."""

import re
import time
from datetime import datetime, timezone

from .strangers import Strangers

LOG_MAX = 20000

RELATIVE = re.compile(r"now([+-]\d+)?")


def moment(value, numeric=False):
    """A time of a table: "now+60" becomes RFC 3339 text or a number."""
    if isinstance(value, str):
        found = RELATIVE.fullmatch(value)
        if found:
            at = int(time.time()) + int(found.group(1) or 0)
            if numeric:
                return at
            at = datetime.fromtimestamp(at, timezone.utc)
            return at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value


class State:
    def __init__(self):
        self.connections = set()
        self.settings = {"log": True}
        self.strangers = Strangers()
        self.reset()

    def reset(self):
        self.tokens = {}
        self.ids = {}
        self.credentials = set()
        self.clients = {}
        self.granted = {}               # access token: when it ends
        self.used = set()               # identifiers of assertions
        self.refusals = []              # why clients were refused
        self.rules = []
        self.strangers.reset()
        self.clear_log()

    def clear_log(self):
        self.log = []
        self.opened = []
        self.counts = {"requests": 0, "connections": 0, "accepted": 0,
                       "backend": 0}
        self.per_path = {}
        self.per_token = {}

    def add_tokens(self, table):
        """Takes {token: entry} or [entry with "token"]."""
        if isinstance(table, dict):
            table = [{**entry, "token": token}
                     for token, entry in table.items()]
        for entry in table:
            for name in ("not_before", "expires_on", "issued_on",
                         "modified_on", "last_used_on"):
                if name in entry:
                    entry[name] = moment(entry[name])
            for name in ("nbf", "exp", "iat"):
                if name in entry:
                    entry[name] = moment(entry[name], numeric=True)
            if "token" in entry:
                token = entry["token"]
                if token in self.tokens:
                    self.strangers.change(token, self.tokens[token])
                self.tokens[token] = entry
            if "id" in entry:
                self.ids[entry["id"]] = entry

    def add_rules(self, rules):
        for rule in rules if isinstance(rules, list) else [rules]:
            rule = dict(rule)
            rule["used"] = 0
            rule["seen"] = 0
            self.rules.append(rule)

    def note_connection(self, conn):
        self.counts["connections"] += 1
        if len(self.opened) < LOG_MAX:
            self.opened.append(conn.record)

    def note_request(self, request):
        role = request.conn.role
        if role == "control":
            return
        if role == "backend":
            self.counts["backend"] += 1
        else:
            self.counts["requests"] += 1
            path = request.path
            self.per_path[path] = self.per_path.get(path, 0) + 1
            token = request.token
            if token is not None:
                self.per_token[token] = self.per_token.get(token, 0) + 1
        request.conn.record["requests"] += 1
        if self.settings["log"] and len(self.log) < LOG_MAX:
            self.log.append(request.record())
