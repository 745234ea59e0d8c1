#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for the words of custom providers: what nginx -t says of each mistake,
# several steps, what extends a preset, providers in a list.  The shapes of
# real authorities are in vendors.t.

import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from harness.nginx import BINARY, MODULE  # noqa: E402

STEP = "step s; request GET /t; header X-T $token;"
SURE = f"{STEP} success /s true;"

# what stands in a provider, and what nginx -t says of it; None: nothing
WORDS = (
    ("", 'provider "p" must have "preset" or "step"'),
    ("step s;", 'step "s" of provider "p" must have "request"'),
    ("step '';", '"step" directive has an empty name'),
    (f"{STEP} {STEP}", 'duplicate step "s"'),
    *[(f"step s; request GET /t; {more}", 'step "s" of provider "p" is the '
       "first and is not asked with the client's token")
      for more in ("", "send_credential none;", "header X-T token;")],
    ("step s; request GET /t; send_credential token; header authorization x;",
     'has a "header" that takes the place of the client\'s token'),
    (f"{STEP} step t; request GET /u;", 'step "s" of provider "p" must have '
     '"id"'),
    ("step a; request GET; step b; request GET; step c; request GET; "
     "step d; request GET; step e;", "a provider has at most 4 steps"),
    (f"preset vault; {STEP}", '"step" cannot be used with "preset"'),
    (f"{STEP} preset vault;", '"preset" directive cannot be used with "step"'),
    ("request GET;", '"request" directive must follow "step"'),
    ("field a /a;", '"field" directive must follow "step" or "preset"'),
    ("preset vault; active /a b;", '"active" directive must follow "step"'),
    (f"{STEP} request GET;", '"request" directive is duplicate'),
    ("step s; request PUT /t;", 'invalid method "PUT"'),
    ("step s; request get /t;", 'invalid method "get"'),
    ("step s; request GET t;", 'path "t" starts with neither "/" nor "?"'),
    ("step s; request GET /a/../b;", 'path "/a/../b" has a "." or ".." seg'),
    ("step s; request GET //a;", 'path "//a" has an empty segment'),
    ("step s; request GET '/a b';", 'path "/a b" has a character that cannot'),
    ("step s; request GET /$;", 'path "/$" has a "$" that starts no variable'),
    *[(f"{first} {more}", f'step "{step}" of provider "p" has the variable '
       f'"${name}", which no step before it keeps')
      for first, step in (("step s; send_credential token;", "s"),
                          (f"{STEP} id /id; field l /l as=list; "
                           "field w /w as=words; step t;", "t"))
      for more, name in (
          ("request GET /${{sub}}x; id /id;".replace("{{", "{")
           .replace("}}", "}"), "sub"),
          ("request GET /; header A $l; id /id;", "l"),
          ("request POST /; form a b$w; id /id;", "w"),
          ("request POST /; json '{\"a\":\"$idx\"}'; id /id;", "idx"))],
    ("step s; send_credential token; request GET /$id;",
     'has the variable "$id", which no step before it keeps'),
    ("preset cloudflare; header A $other;", 'has the variable "$other", which'),
    *[(f"{STEP} id /id; step t; request {more}", 'step "t" of provider "p" is '
       "not the first and is asked with the client's token")
      for more in ("GET /$id; send_credential token;", "GET /$id/$token;",
                   "GET /$id; header A 'b ${token}';",
                   "POST /$id; form a $token;",
                   "POST /$id; json '{\"a\":\"$token\"}';")],
    *[(f"{STEP} id /id; step t; request GET /$id; {more}",
       f'step "t" of provider "p" is not the first and has "{what}"')
      for more, what in (("echo /e;", "echo"), ("id /id; echo /e;", "echo"),
                         ("id /id match=token;", "match=token"))],
    (f"{STEP} send_credential both;", 'invalid value "both"'),
    (f"{STEP} send_credential none; send_credential none;", "is duplicate"),
    (f"{STEP} header 'A b' c;", 'invalid header name "A b"'),
    (f"{STEP} header A: c;", 'invalid header name "A:"'),
    (f"{STEP} header content-length 3;", 'invalid header name "content-len'),
    (f"{STEP} header Host b;", 'invalid header name "Host"'),
    *[(f"{STEP} header {name} abc; nothing;",
       f'a literal secret in header "{name}" is shown by "nginx -T"')
      for name in ("X-Authorization", "Private-Token", "Fastly-Key")],
    (f"{STEP} header A 'b\\nc';", 'value of header "A" has a character'),
    (f"{STEP} header A $;", 'value of header "A" has a "$"'),
    (f"{STEP} header A b; header a c;", 'duplicate header "a"'),
    (f"{STEP} header authorization b;", 'has a "header" that the credential'),
    (f"{STEP} form a b;", 'sends a body with the method "GET"'),
    ("step s; request POST; form a b; form a c;", 'duplicate form "a"'),
    ("step s; request POST; form a b; json '{}';",
     '"json" directive cannot be used with "form"'),
    ("step s; request POST; json '{}'; form a b;",
     '"form" directive cannot be used with "json"'),
    ("step s; request POST; json '{}'; json '{}';", "is duplicate"),
    ("step s; request POST; json '{\"a\":$token}';",
     '"json" text has a variable outside of a JSON string'),
    ("step s; request POST; json '{\"a\"}';", '"json" text is not a JSON obj'),
    ("step s; request POST; json '[]';", '"json" text is not a JSON object'),
    ("preset introspection; form token other;", 'duplicate form "token"'),
    ("preset vault; form a b;", '"form" directive cannot be used with "json"'),
    ("preset cloudflare; form a b;", "which sends no form"),
    (f"{STEP} unknown;", 'invalid number of arguments in "unknown"'),
    (f"{STEP} unknown body=any;", '"unknown" directive has no status'),
    (f"{STEP} unknown 200;", 'invalid status "200"'),
    (f"{STEP} unknown 399;", 'invalid status "399"'),
    (f"{STEP} unknown 4o4;", 'invalid status "4o4"'),
    (f"{STEP} unknown 404 404;", 'duplicate status "404"'),
    (f"{STEP} unknown 404; later 404;", 'duplicate status "404"'),
    (f"{STEP} later 503 body=any;", 'invalid status "body=any"'),
    (f"{STEP} refused 600;", 'invalid status "600"'),
    (f"{STEP} active /a;", 'invalid number of arguments in "active"'),
    (f"{STEP} active a b;", 'pointer "a" is not a JSON pointer'),
    (f"{STEP} active /a/* b;", 'pointer "/a/*" must not have a "*" step'),
    (f"{STEP} active /a~2 b;", 'pointer "/a~2" is not a JSON pointer'),
    (f"{STEP} active /a b is=empty;", 'invalid value "is=empty"'),
    (f"{STEP} active /a is=full;", 'invalid value "is=full"'),
    (f"{STEP} active /a '\"b';", 'invalid value ""b"'),
    (f"{STEP} active /a '\"b\",\"c\"';", "invalid value"),
    (f"{STEP} inactive maybe;", 'invalid value "maybe"'),
    (f"{STEP} inactive unknown; inactive unknown;", "is duplicate"),
    (f"{STEP} expires_on /a noon;", 'invalid parameter "noon"'),
    (f"{STEP} expires_on /a date date;", 'invalid parameter "date"'),
    (f"{STEP} expires_on /a seconds milliseconds;", "cannot be both seconds"),
    (f"{STEP} expires_on /a; expires_on /b;", "is duplicate"),
    (f"{STEP} expires_on '';", "has an empty pointer"),
    (f"{STEP} not_before a;", 'pointer "a" is not a JSON pointer'),
    (f"{STEP} allow /a empty=all;", 'invalid parameter "empty=all"'),
    (f"{STEP} allow /a; allow /b; allow /c; allow /d;", "is given too often"),
    (f"{STEP} allow /a/*/b/*;", 'pointer "/a/*/b/*" has too many "*" steps'),
    (f"{STEP} deny /a/*/b/*;", 'pointer "/a/*/b/*" has too many "*" steps'),
    (f"{STEP} deny /a empty=any;", 'invalid number of arguments in "deny"'),
    (f"{STEP} restriction /a;", 'invalid number of arguments in "restrict'),
    (f"{STEP} id /a match=name;", 'invalid parameter "match=name"'),
    (f"{STEP} id /a match=earlier;", "is the first and has no earlier id"),
    (f"{STEP} id /a; id /b;", 'duplicate field "id"'),
    (f"{STEP} name /a/*;", 'must not have a "*" step'),
    (f"{STEP} permissions /a/*/b/*;", 'has too many "*" steps'),
    (f"{STEP} permissions /a; field scope /b;", 'duplicate field "scope"'),
    (f"{STEP} field token /a;", 'invalid field name "token"'),
    (f"{STEP} field a-b /a;", 'invalid field name "a-b"'),
    (f"{STEP} field a /a as=number;", 'invalid parameter "as=number"'),
    (f"{STEP} field a /a as=list as=list;", 'invalid parameter "as=list"'),
    (f"{STEP} field a /a/* as=list;", 'must be "as=words"'),
    ("preset introspection; field sub /a;", 'duplicate field "sub"'),
    (f"{STEP} echo /a; echo /b;", "is duplicate"),
    (f"{STEP} code /a; code /b;", "is duplicate"),
    (f"{STEP} token_pattern '(';", "pcre"),
    (f"{STEP} token_pattern a; token_pattern b;", "is duplicate"),
    (f"{STEP} nothing;", 'unknown directive "nothing" in a provider'),

    (SURE, None),
    ("step s; request GET /t; send_credential none; id /id; "
     "header Authorization 'token $token';", None),
    (f"{SURE} unknown 404 410 body=any; later 503; refused 401 403;", None),
    (f"{SURE} active /a active 1 -1 true false null '\"1\"';", None),
    *[(f"{STEP} {more};", None)
      for more in ("active /a b", "success /a is=string", "id /a",
                   "success /a is=empty; success /b is=object")],
    (f"{STEP} success /a is=list; refusal /e is=list;", None),
    (f"{SURE} expires_on /a rfc3339 date local milliseconds zero=never;",
     None),
    (f"{SURE} allow /a; allow /b empty=any; allow /c empty=nobody; deny /d;",
     None),
    (f"{SURE} allow /rules/*/cidr; allow /l/* empty=any; deny /d/*/e;", None),
    (f"{SURE} header X-Other abc; header A-Token $token;", None),
    (f"{STEP} id /id; field b /b as=label; field c /c; step u; "
     "request GET /$id/${{b}}x/$c; success /s true;".replace("{{", "{").replace("}}", "}"),
     None),
    (f"{SURE} restriction /a in not_in empty=any; code /errors/0/code;",
     None),
    (f"{STEP} id /id; step u; request GET /u/$id; id /id;", None),
    (f"{STEP} field a /a as=words required; field b /b; field c /c/*/d;",
     None),
    ("preset introspection; form audience api; form token_type_hint other; "
     "header X-A b; field roles /realm_access/roles as=words;", None),
    ("preset cloudflare; field cloud /result/meta;", None),
)

# by which a 200 need not say anything: what nginx -t warns of
VAGUE = ("", "success '' is=object;", "success /e is=empty;",
         "active /gone null;", "active /gone false null;",
         "expires_on /to;", "echo /token;", "name /name;", "field id /id;",
         "field a /a as=string;", "field a '' required;")

LISTS = (
    ("auth_token p q;", None),
    ("auth_token p q token=$http_x;", None),
    ("auth_token p r;", 'unknown auth_token_provider "r" in'),
    ("auth_token p off;", 'invalid parameter "off"'),
    ("auth_token off p;", 'invalid parameter "p"'),
    ("auth_token p $host;", 'invalid parameter "$host"'),
    ("auth_token $host p;", 'invalid parameter "p"'),
)


class Configuration:
    def __init__(self):
        self.nginx = Nginx(http="", start=False)
        with open(self.nginx.path("secret"), "w") as out:
            os.chmod(self.nginx.path("secret"), 0o600)
            out.write("a secret\n")

    def says(self, words, server=""):
        with open(self.nginx.path("nginx.conf"), "w") as out:
            load = f"load_module {MODULE};" if MODULE else ""
            out.write(f"{load} events {{}} pid {self.nginx.dir}/pid;\n"
                      "http {\nauth_token_provider p {\n"
                      "endpoint https://api.test;\n"
                      f"credential bearer file:{self.nginx.path('secret')};\n"
                      f"{words}\n}}\n"
                      "auth_token_provider q { preset cloudflare;\n"
                      "endpoint https://api.test;\ncredential none; }\n"
                      f"server {{ {server} }}\n}}\n")
        done = subprocess.run([*self.nginx.arguments(), "-t"],
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stderr


@test
def what_nginx_says():
    configuration = Configuration()
    configuration.nginx.emerg_ok = "they are the test"
    cases = [(words, "", says) for words, says in WORDS]
    cases += [(SURE, server, says) for server, says in LISTS]
    for words, server, says in cases:
        status, said = configuration.says(words, server)
        name = server or words
        if says is None:
            is_((status, "[warn]" in said), (0, False), f"fine: {name}") \
                or diag(said)
        else:
            ok(status == 1 and says in said
               and " in " + configuration.nginx.dir + "/nginx.conf:" in said,
               f"{says}: {name}") or diag(said)


@test
def a_step_that_demands_nothing():
    configuration = Configuration()
    for more in VAGUE:
        status, said = configuration.says(f"{STEP} {more}")
        ok(status == 0 and 'step "s" of provider "p" takes any JSON object '
           "with status 200 for a good token" in said
           and " in " + configuration.nginx.dir + "/nginx.conf:" in said,
           f"a warning: {more}") or diag(said)
    status, said = configuration.says(
        f"{SURE} id /id; step last; request GET /$id;")
    ok(status == 0 and 'step "last"' in said and 'step "s"' not in said,
       "of the step that it is about") or diag(said)


def provider(words, name="custom", credential="bearer file:{credential}"):
    return (f"auth_token_provider {name} {{{{\n"
            "    endpoint http://127.0.0.1:{plain};\n"
            f"    credential {credential};\n    {words}\n}}}}\n")


def protected(names="custom", fields=()):
    add = "".join(f"add_header X-{field} $auth_token_{field} always;\n"
                  for field in ("verdict", *fields))
    return ("location / {{\n" + f"auth_token {names};\n{add}"
            "proxy_pass http://127.0.0.1:{backend};\n}}\n")


def verdict(nginx, token):
    return get(nginx, "/", bearer=token).header("x-verdict")


STEPS = """
    step             whoami;
    request          GET /who?for=nginx;
    send_credential  token;
    unknown          401;
    id               /id;

    step             details;
    request          POST /t/$id/about;
    header           X-Id  id=$id;
    json             '{{"id": "$id", "n": 1}}';
    unknown          404;
    later            420;
    active           /state on 1;
    id               /id;
    allow            /net/in empty=any;
    deny             /net/out;
    restriction      /net in out empty=any;
    not_before       /from local;
    expires_on       /to milliseconds zero=never;
    name             /label;
    permissions      /can/*/what;
    field            sub /owner as=label required;
"""

DETAILS = {"id": "a/b ?", "state": "on", "owner": 7, "label": "L",
           "can": [{"what": "read"}, {"what": "write"}], "to": 0,
           "net": {"in": ["127.0.0.0/8"], "out": []},
           "from": "2020-01-01T00:00:00"}


@test
def two_steps():
    authority = Authority()
    nginx = Nginx(authority, http=provider(STEPS),
                  server=protected(fields=("id", "name", "scope", "subject")))
    token = ["x" * 20]
    authority.forbidden.append("x" * 20)

    def judged(details, status=200, first=None, count=2, good=False):
        # another id each time: what is known of one is in the cache
        token[0] += "x"
        if good:
            authority.vouch(token[0])
        number = f"a/b ?{len(token[0])}"
        if "id" in details and details["id"] == "a/b ?":
            details = {**details, "id": number}
        authority.rules(
            {"match": {"path": "/who?for=nginx"},
             "answer": first or {"body": {"id": number}}},
            {"match": {"method": "POST"},
             "answer": {"status": status, "body": details}})
        authority.clear()
        response = get(nginx, "/", bearer=token[0])
        is_(len(authority.log()), count, "requests") if count else None
        return response

    response = judged(DETAILS, good=True)
    is_(response.status, 200, "admitted")
    is_([response.header("x-" + name)
         for name in ("id", "name", "scope", "subject")],
        ["a/b ?21", "L", '["read","write"]', "7"], "what was kept")
    who, details = authority.log()
    is_(dict(who["headers"]).get("Authorization"), "Bearer " + token[0],
        "the first step sends the token")
    is_(details["path"], "/t/a%2Fb%20%3F21/about", "escaped in the path")
    is_(details["body"], '{"id": "a/b ?21", "n": 1}', "and in JSON")
    headers = dict(details["headers"])
    is_((headers["X-Id"], headers["Authorization"], headers["Content-Type"]),
        ("id=a/b ?21", "Bearer " + authority.credential_value,
         "application/json"), "header fields of the second")

    for change, wanted in (
            ({"state": 1}, "ALLOWED"), ({"state": "off"}, "INACTIVE"),
            ({"state": 2}, "INACTIVE"), ({"state": True}, "UNAVAILABLE"),
            ({"state": None}, "UNAVAILABLE"),
            ({"id": "another"}, "UNAVAILABLE"), ({"id": None}, "UNAVAILABLE"),
            ({"owner": None}, "UNAVAILABLE"), ({"owner": []}, "UNAVAILABLE"),
            ({"label": 1}, "UNAVAILABLE"),
            ({"can": [{"what": 1}]}, "UNAVAILABLE"),
            ({"to": 1}, "EXPIRED"), ({"to": 4102444800000}, "ALLOWED"),
            ({"to": "2099-01-01T00:00:00Z"}, "UNAVAILABLE"),
            ({"from": "2099-01-01T00:00:00"}, "NOT_YET_VALID"),
            ({"from": "2020-01-01T00:00:00Z"}, "UNAVAILABLE"),
            ({"net": {"in": []}}, "ALLOWED"), ({"net": {}}, "ALLOWED"),
            ({"net": None}, "ALLOWED"), ({"net": []}, "UNAVAILABLE"),
            ({"net": {"in": ["192.0.2.1"]}}, "ADDRESS_DENIED"),
            ({"net": {"in": "127.0.0.1"}}, "UNAVAILABLE"),
            ({"net": {"out": ["127.0.0.1"]}}, "ADDRESS_DENIED"),
            ({"net": {"only": []}}, "UNAVAILABLE")):
        got = judged({**DETAILS, **change},
                     good=wanted == "ALLOWED").header("x-verdict")
        is_(got, wanted, f"{change}")

    is_(judged({}, 404).header("x-verdict"), "UNKNOWN", "a 404 of details")
    is_(judged([], 404).header("x-verdict"), "UNAVAILABLE", "that is a list")
    is_(judged({}, 420).header("x-verdict"), "UNAVAILABLE", "later")
    is_(judged({}, 401).header("x-verdict"), "UNAVAILABLE", "refused")

    # a line a second at most: it may take another failure
    ok(poll(lambda: judged({}, 401, count=None)
            and 'step "details": the credential was refused'
            in nginx.error_log(), 5), "which the log says")
    is_(judged(DETAILS, first={"status": 401, "body": {}}, count=1)
        .header("x-verdict"), "UNKNOWN", "the first step decides alone")
    is_(judged(DETAILS, first={"body": {}}, count=1).header("x-verdict"),
        "UNAVAILABLE", "an id must be there to be asked about")
    is_(judged(DETAILS, first={"body": {"id": ".."}}, count=1)
        .header("x-verdict"), "UNAVAILABLE", "\"..\" goes into no path")


@test
def addresses_in_the_elements_of_a_list():
    """As Linode and others have them: objects, each with a CIDR text."""
    authority = Authority()
    nginx = Nginx(authority, http=provider(
        STEP + " allow /rules/*/cidr; deny /not/*/cidr;", credential="none"),
        server=protected())

    def cidrs(*texts):
        return [{"cidr": text, "note": 1} for text in texts]

    for body, wanted in (
            ({}, "ALLOWED"), ({"rules": None}, "ALLOWED"),
            ({"rules": cidrs("192.0.2.0/24", "127.0.0.0/8")}, "ALLOWED"),
            ({"rules": cidrs("192.0.2.0/24")}, "ADDRESS_DENIED"),
            ({"rules": [{"cidr": ["192.0.2.1", "127.0.0.1"]}]}, "ALLOWED"),
            ({"rules": []}, "ADDRESS_DENIED"),
            ({"rules": [{"note": 1}]}, "UNAVAILABLE"),
            ({"rules": cidrs("127.0.0.1") + [{"cidr": None}]}, "UNAVAILABLE"),
            ({"rules": {"cidr": "127.0.0.1"}}, "UNAVAILABLE"),
            ({"rules": cidrs(1)}, "UNAVAILABLE"),
            ({"not": cidrs("192.0.2.0/24")}, "ALLOWED"),
            ({"not": []}, "ALLOWED"),
            ({"not": cidrs("192.0.2.0/24", "127.0.0.1")}, "ADDRESS_DENIED"),
            ({"not": cidrs("192.0.2.0/24") + [{}]}, "UNAVAILABLE")):
        authority.rules({"answer": {"body": body}})
        token = os.urandom(20).hex()
        if wanted == "ALLOWED":
            authority.vouch(token)
        is_(verdict(nginx, token), wanted, f"{body}")


TWO = ("cache valid=1h;\n"
       "step whoami; request GET /who; send_credential token; id /id;\n"
       "step details; request GET /t/$id; active /state on; id /id;")
THREE = ("cache valid=1h;\n"
         "step whoami; request GET /who; send_credential token; id /id;\n"
         "field org /org as=string;\n"
         "step details; request GET /t/$id; active /state on; id /id;\n"
         "step orgs; request GET /orgs/$org; active /state on;")
FIRST = {"match": {"path": "/who"}}


@test
def a_first_step_alone_is_never_enough():
    """What the second step cannot be asked with makes the first answer
    unusable: it is not kept for long, neither as an answer nor as a lock."""
    authority = Authority()
    for name, words, good, bodies in (
            ("two steps", TWO, {"id": "7"},
             ({}, {"id": None}, {"id": ""}, {"id": ".."}, {"id": "."})),
            ("three steps", THREE, {"id": "7", "org": "o"},
             ({"id": "7"}, {"id": "7", "org": ""}, {"id": "7", "org": ".."},
              {"id": "..", "org": "o"}))):
        nginx = Nginx(authority, http=provider(words), server=protected())
        tokens = [os.urandom(20).hex() for _ in bodies]
        authority.forbidden += tokens
        well = {"answer": {"body": {"id": good["id"], "state": "on"}}}
        for token, body in zip(tokens, bodies):
            authority.rules({**FIRST, "answer": {"body": body}}, well)
            authority.clear()
            start = time.monotonic()
            is_([verdict(nginx, token) for _ in range(3)],
                ["UNAVAILABLE"] * 3, f"{name}, {body}")
            asked = [one["path"] for one in authority.log()]
            ok(asked == ["/who"] or time.monotonic() - start >= 1,
               "asked once, and nothing else is") or diag(asked)
        is_(authority.counts()["backend"], 0, "requests at the backend")

        # still as bad after a second: it is asked anew, and only that
        authority.clear()
        ok(poll(lambda: verdict(nginx, tokens[-1]) == "UNAVAILABLE"
                and authority.counts()["requests"] >= 2, 5),
           "it is asked again and again")
        is_({one["path"] for one in authority.log()}, {"/who"}, "and nothing "
            "else")

        authority.rules({**FIRST, "answer": {"body": good}}, well)
        authority.vouch(*tokens)
        late = [body for token, body in zip(tokens, bodies)
                if not poll(lambda: verdict(nginx, token) == "ALLOWED", 3)]
        is_(late, [], "all are let in once the authority is well")
        authority.clear()


@test
def what_denies_needs_no_further_step():
    """An inactive token may lack what the next step would be asked with."""
    authority = Authority()
    nginx = Nginx(authority, server=protected(), http=provider(
        "step whoami; request GET /who; send_credential token; id /id;\n"
        "active /on true; expires_on /to; field org /org as=string;\n"
        "step orgs; request GET /orgs/$org; active /state on;"))
    for body, wanted in (({"on": False}, "INACTIVE"),
                         ({"on": True, "to": 1}, "EXPIRED"),
                         ({"on": True}, "UNAVAILABLE")):
        authority.rules({**FIRST, "answer": {"body": {"id": "7", **body}}},
                        {"answer": {"body": {"state": "on"}}})
        is_(verdict(nginx, os.urandom(20).hex()), wanted, f"{body}")


def purge(nginx, body):
    return json.loads(get(nginx, "/purge", method="POST",
                          body=json.dumps(body).encode(),
                          headers=["Content-Type: application/json"]).body)


class Members:
    """Tokens, what the first step finds of each, and which orgs are on."""

    def __init__(self, words, on=("good",)):
        self.authority = Authority()
        self.nginx = Nginx(self.authority, http=provider(words),
                           server=protected() + """
        location = /purge {{
            auth_token_purge;
        }}""")
        self.on = on
        self.bodies = {}

    def is_(self, wanted, asked, name, number="7", **body):
        token = self.bodies.setdefault(
            json.dumps([number, body], sort_keys=True), os.urandom(20).hex())
        if wanted == "ALLOWED":
            self.authority.vouch(token)
        self.authority.rules(
            {**FIRST, "answer": {"body": {"id": number, **body}}},
            *({"match": {"path": {"re": f"/{one}$"}},
               "answer": {"body": {"id": number, "state": "on"}}}
              for one in (*self.on, number)),
            {"answer": {"body": {"id": number, "state": "off"}}})
        self.authority.clear()
        is_(verdict(self.nginx, token), wanted, name)
        is_(sorted(one["path"] for one in self.authority.log()),
            sorted(asked), f"{name}: what is asked")


@test
def what_a_later_step_is_asked_with_decides():
    """Tokens of one id share its answers only if all is the same that the
    answers depend on."""
    members = Members(
        "cache valid=1h negative=1h;\n"
        "step whoami; request GET /who; send_credential token; id /id;\n"
        "field org /org as=string; field note /note;\n"
        "step orgs; request GET /orgs/$org; active /state on;")
    members.is_("ALLOWED", ["/who", "/orgs/good"], "one org", org="good")
    members.is_("INACTIVE", ["/who", "/orgs/bad"], "another", org="bad")
    members.is_("ALLOWED", [], "from the cache", org="good")
    members.is_("INACTIVE", [], "the other as well", org="bad")
    members.is_("ALLOWED", ["/who"], "the same org", org="good", note="x")
    members.is_("ALLOWED", ["/who", "/orgs/good"], "another id", "8",
                org="good")


@test
def what_the_last_step_is_asked_with_decides():
    """Also of the one before it, whose answer leads to the last."""
    members = Members(THREE)
    members.is_("ALLOWED", ["/who", "/t/7", "/orgs/good"], "one org",
                org="good")
    members.is_("INACTIVE", ["/who", "/t/7", "/orgs/bad"], "another",
                org="bad")
    members.is_("ALLOWED", [], "from the cache", org="good")
    members.is_("INACTIVE", [], "the other as well", org="bad")


@test
def a_purge_by_id_where_more_decides():
    """What else the answers are kept under is not known to a purge."""
    members = Members(THREE)
    for number in "7", "8":
        members.is_("ALLOWED", ["/who", f"/t/{number}", "/orgs/good"],
                    f"id {number}", number, org="good")
        members.is_("ALLOWED", [], "from the cache", number, org="good")
    is_(purge(members.nginx, {"id": "7"})["records"], 6,
        "all of the provider is dropped")
    members.is_("ALLOWED", ["/who", "/t/7", "/orgs/good"], "asked anew",
                org="good")

    members = Members(TWO)
    for number in "7", "8":
        members.is_("ALLOWED", ["/who", f"/t/{number}"], f"id {number}",
                    number)
    is_(purge(members.nginx, {"id": "7"})["records"], 2,
        "of the id alone it drops what is known of that id")
    members.is_("ALLOWED", [], "and not of another", "8")


@test
def nothing_is_left_of_the_request_before():
    """A step with a body and one without take turns, with good answers and
    with broken ones in between: what is sent for one does not show what was
    sent for another."""
    authority = Authority()
    nginx = Nginx(authority, http=provider(STEPS), server=protected())
    names, lengths, wrong = {}, set(), []
    cookie = "Set-Cookie: a=b; path=/"

    for i in range(12):
        token = f"{'left' * 5}{i}"
        broken = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
        number = f"n{'n' * i}"
        authority.rules(
            {"match": {"path": "/who?for=nginx"},
             "answer": {"headers": [cookie], "body": {"id": number}}},
            {"match": {"method": "POST"},
             "actions": [{"send": broken}, {"close": True}]}
            if i % 3 == 2 else
            {"match": {"method": "POST"},
             "answer": {"headers": [cookie],
                        "body": {**DETAILS, "id": number}}})
        authority.clear()
        if i % 3 != 2:
            authority.vouch(token)
        verdict(nginx, token)
        for got in authority.log():
            headers = dict(got["headers"])
            names.setdefault(got["method"], set()).add(
                tuple(sorted(name.lower() for name in headers)))
            if got["method"] == "GET":
                good = (got["body"] == ""
                        and headers.get("Authorization") == f"Bearer {token}")
            else:
                lengths.add(headers["Content-Length"])
                good = (got["path"] == f"/t/{number}/about"
                        and got["body"] == f'{{"id": "{number}", "n": 1}}'
                        and headers["X-Id"] == f"id={number}"
                        and headers["Content-Length"] == str(len(got["body"]))
                        and headers["Authorization"]
                        == "Bearer " + authority.credential_value)
            if not good:
                wrong.append(got)

    is_(wrong, [], "each request is its own")
    is_(sorted(names), ["GET", "POST"], "both were seen")
    is_([len(kinds) for kinds in names.values()], [1, 1],
        "the same header fields each time")
    is_(names["GET"] and {"content-length", "content-type", "x-id"}
        & set(next(iter(names["GET"]))), set(), "and none of a body's in a GET")
    is_(len(lengths), 12, "bodies of twelve lengths")


@test
def an_extended_preset():
    authority = Authority()
    words = ("preset introspection; form audience 'a b&c';\n"
             "    form token_type_hint opaque; header X-Realm one;\n"
             "    field roles /realm_access/roles as=words;")
    nginx = Nginx(
        authority, server=protected(fields=("scope",)),
        http=provider(words, credential="basic nginx file:{client_secret}")
        .replace("{plain};", "{plain}/introspect;"))
    good = authority.token(scope="read", introspection={
        "realm_access": {"roles": ["admin"]}})
    is_(verdict(nginx, good.token), "ALLOWED", "a good token")
    got, = authority.log()
    is_(got["body"], f"token={good.token}&token_type_hint=opaque"
                     "&audience=a+b%26c", "the form")
    is_(dict(got["headers"])["X-Realm"], "one", "the header field")
    bad = authority.token(introspection={"realm_access": {"roles": [1]}})
    is_(verdict(nginx, bad.token), "UNAVAILABLE", "a field of another type")


@test
def a_list_of_providers():
    authority = Authority()
    one = "step s; request GET /one/$token; id /id match=any;"
    two = "step s; request GET /two/$token; id /id match=any;"
    nginx = Nginx(
        authority, server=protected("users accounts", ("provider",)),
        http=provider(one + "token_pattern ^cfut_;", "users")
        + provider(two + "token_pattern ^cfat_[a-z]+$;", "accounts"))
    authority.rules({"answer": {"body": {"id": "1"}}})
    for token, wanted, asked in (
            ("cfut_aaa", "ALLOWED", "/one/cfut_aaa"),
            ("cfat_aaa", "ALLOWED", "/two/cfat_aaa"),
            ("cfat_AAA", "UNKNOWN", None), ("cfk_aaa", "UNKNOWN", None),
            ("xcfut_aaa", "UNKNOWN", None), ("CFUT_aaa", "UNKNOWN", None),
            ("cfut_" + "a" * 4092, "UNKNOWN", None)):
        authority.clear()
        authority.forbidden.append(token)
        if wanted == "ALLOWED":
            authority.vouch(token)
        response = get(nginx, "/", bearer=token)
        is_(response.header("x-verdict"), wanted, token[:12])
        is_([got["path"] for got in authority.log()],
            [asked] if asked else [], "who was asked")


@test
def another_mapping_is_another_answer():
    authority = Authority()
    words = "step s; request GET /t; send_credential token; id /id;"
    nginx = Nginx(authority, http=provider(words), server=protected())
    authority.rules({"answer": {"body": {"id": "1", "off": True}}})
    authority.forbidden.append("a-token")
    authority.vouch("a-token")
    is_(verdict(nginx, "a-token"), "ALLOWED", "before")
    is_(verdict(nginx, "a-token"), "ALLOWED", "from the cache")
    is_(authority.counts()["requests"], 1, "one look-up")
    nginx.configure(http=provider(words + "active /off false;"))
    ok(nginx.reload(), "reloaded")
    authority.oracle(good=[])
    is_(verdict(nginx, "a-token"), "INACTIVE", "after")
    is_(authority.counts()["requests"], 2, "it was asked again")


if not module_built():
    plan_skip_all("the module is not built")
run()
