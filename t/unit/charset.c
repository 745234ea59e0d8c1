/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A class that admits more bytes than it seems to ("A-z", "\d", a "-" in the
 * middle) would let text reach the authority's URL that was meant to be kept
 * from it.
 */


#include "../../ngx_module/core/auth_token_charset.c"

#include "guard.h"
#include "tap.h"


static int
charset_init(auth_token_charset_t *set, const char *spec)
{
    return auth_token_charset_init(set, guard_str(spec), strlen(spec));
}


/* the set holds exactly the bytes of members */

static void
is_set(const char *spec, const char *members)
{
    int                   c, bad, want;
    unsigned char         byte;
    auth_token_charset_t  set;

    if (!is_int(charset_init(&set, spec), 0, spec)) {
        return;
    }

    bad = 0;

    for (c = 0; c < 256; c++) {
        byte = (unsigned char) c;
        want = c != 0 && strchr(members, c) != NULL;

        bad += auth_token_charset_span_ok(&set, &byte, 1) != want;
    }

    is_int(bad, 0, members);
}


static void
is_refused(const char *spec, const char *name)
{
    unsigned char         byte;
    auth_token_charset_t  set;

    memset(&set, 0xff, sizeof(set));
    byte = 'a';

    is_int(charset_init(&set, spec), -1, name);
    is_int(auth_token_charset_span_ok(&set, &byte, 1), 0,
           "a refused class admits nothing");
}


static void
test_classes(void)
{
    is_set("A-Za-z0-9_-", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                          "0123456789_-");
    is_set("0-9a-f", "0123456789abcdef");
    is_set("a", "a");
    is_set("-", "-");
    is_set("-a", "-a");
    is_set("a-", "a-");
    is_set("--", "-");
    is_set("-a-c", "-abc");
    is_set("a-a", "a");
    is_set("a-c-", "abc-");
    is_set("b-ca", "abc");
    is_set("aa0-30", "a0123");
    is_set("!~/.+=@`_{|}", "!~/.+=@`_{|}");
    is_set("A-Z", "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}


static void
test_refused(void)
{
    auth_token_charset_t  set;

    is_refused("", "empty");
    is_refused("c-a", "descending range");
    is_refused("A-z", "range over two cases");
    is_refused("0-z", "range over digits and letters");
    is_refused("0-A", "range from a digit to a letter");
    is_refused("/-9", "range from below the digits");
    is_refused("0-:", "range to above the digits");
    is_refused("@-Z", "range from below upper case");
    is_refused("A-[", "range to above upper case");
    is_refused("`-z", "range from below lower case");
    is_refused("a-{", "range to above lower case");
    is_refused("!-~", "range of punctuation");
    is_refused("---", "range of hyphens");
    is_refused("a-c-e", "range of a range");
    is_refused("0-9-a-z", "hyphen between ranges");
    is_refused("0-9--", "hyphen neither first nor last");
    is_refused("[a-z]", "brackets");
    is_refused("a]", "closing bracket");
    is_refused("\\d", "backslash");
    is_refused("^a", "negation");
    is_refused("a b", "blank");
    is_refused("a\t", "tab");
    is_refused("a\177", "DEL");
    is_refused("\303\244", "high bytes");
    is_refused("a-\377", "range to a high byte");

    is_int(auth_token_charset_init(&set, guard_copy("a\0b", 3), 3), -1, "NUL");
    is_int(auth_token_charset_init(&set, NULL, 0), -1, "no data");
}


static void
test_span(void)
{
    auth_token_charset_t  set;

    charset_init(&set, "0-9a-f");

    is_int(auth_token_charset_span_ok(&set, guard_str("0123abcdef"), 10), 1,
           "all in");
    is_int(auth_token_charset_span_ok(&set, guard_str("x123abcdef"), 10), 0,
           "first byte out");
    is_int(auth_token_charset_span_ok(&set, guard_str("0123abcdeF"), 10), 0,
           "last byte out");
    is_int(auth_token_charset_span_ok(&set, guard_copy("01\0ef", 5), 5), 0,
           "NUL inside");
    is_int(auth_token_charset_span_ok(&set, (unsigned char *) "abcX", 3), 1,
           "what follows is not looked at");
    is_int(auth_token_charset_span_ok(&set, NULL, 0), 1,
           "no bytes: the length is the caller's matter");
}


int
main(void)
{
    test_classes();
    test_refused();
    test_span();

    return done();
}
