/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A value of the Authorization field read as something it is not: another
 * scheme taken for Bearer, a broken token let through to the authority, or a
 * malformed one answered as if no credential had been sent.
 */


#include "../../ngx_module/core/auth_token_bearer.c"

#include "guard.h"
#include "tap.h"


#define OK         AUTH_TOKEN_BEARER_OK
#define MISSING    AUTH_TOKEN_BEARER_MISSING
#define MALFORMED  AUTH_TOKEN_BEARER_MALFORMED

#define ALPHA      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGIT      "0123456789"


typedef struct {
    const char           *name;
    const char           *value;
    auth_token_bearer_e   result;
    const char           *token;
} bearer_case_t;


static const bearer_case_t  bearer_cases[] = {
    { "a token", "Bearer abc", OK, "abc" },
    { "a token of one byte", "Bearer a", OK, "a" },
    { "lower case", "bearer abc", OK, "abc" },
    { "mixed case", "bEARER abc", OK, "abc" },
    { "several blanks", "Bearer    abc", OK, "abc" },
    { "every character of b64token", "Bearer " ALPHA DIGIT "-._~+/", OK,
      ALPHA DIGIT "-._~+/" },
    { "padding", "Bearer abc=", OK, "abc=" },
    { "long padding", "Bearer a=====", OK, "a=====" },
    { "dots and a slash stay text", "Bearer ../verify", OK, "../verify" },

    { "empty", "", MISSING, "" },
    { "blank", " ", MISSING, "" },
    { "blanks", "   ", MISSING, "" },
    { "tab", "\t", MISSING, "" },
    { "Basic", "Basic dTpw", MISSING, "" },
    { "six letters, not Bearer", "Digest abc", MISSING, "" },
    { "last letter differs", "Beares abc", MISSING, "" },
    { "longer scheme", "BearerX y", MISSING, "" },
    { "longer scheme with a token character", "Bearer-x y", MISSING, "" },
    { "longer scheme with a period", "Bearer.abc", MISSING, "" },
    { "longer scheme with a digit", "Bearer2 abc", MISSING, "" },
    { "two schemes run together", "BearerBearer abc", MISSING, "" },
    { "shorter scheme", "Beare abc", MISSING, "" },
    { "shorter scheme alone", "Bear", MISSING, "" },
    { "another scheme with Bearer later", "Basic Bearer abc", MISSING, "" },
    { "the token alone", "abcdef", MISSING, "" },
    { "leading blank: no scheme", " Bearer abc", MISSING, "" },
    { "leading tab: no scheme", "\tBearer abc", MISSING, "" },
    { "leading control byte: no scheme", "\001Bearer abc", MISSING, "" },
    { "leading high byte: no scheme", "\377Bearer abc", MISSING, "" },
    { "leading delimiter: no scheme", "@abc", MISSING, "" },
    { "leading comma: no scheme", ", Bearer abc", MISSING, "" },
    { "quoted: no scheme", "\"Bearer abc\"", MISSING, "" },
    { "upper bit set in a letter", "Beare\362 abc", MISSING, "" },

    { "scheme alone", "Bearer", MALFORMED, "" },
    { "scheme and blank", "Bearer ", MALFORMED, "" },
    { "scheme and blanks", "Bearer   ", MALFORMED, "" },
    { "tab instead of blank", "Bearer\tabc", MALFORMED, "" },
    { "tab after blank", "Bearer \tabc", MALFORMED, "" },
    { "blank after tab", "Bearer\t abc", MALFORMED, "" },
    { "colon", "Bearer:x", MALFORMED, "" },
    { "colon and blank", "Bearer: x", MALFORMED, "" },
    { "comma", "Bearer,abc", MALFORMED, "" },
    { "equals sign", "Bearer=abc", MALFORMED, "" },
    { "slash", "Bearer/abc", MALFORMED, "" },
    { "control byte after scheme", "Bearer\001abc", MALFORMED, "" },
    { "high byte after scheme", "Bearer\240abc", MALFORMED, "" },
    { "trailing blank", "Bearer abc ", MALFORMED, "" },
    { "trailing tab", "Bearer abc\t", MALFORMED, "" },
    { "trailing comma", "Bearer abc,", MALFORMED, "" },
    { "two tokens", "Bearer abc def", MALFORMED, "" },
    { "two credentials", "Bearer abc, Bearer def", MALFORMED, "" },
    { "scheme twice", "Bearer Bearer abc", MALFORMED, "" },
    { "parameter form", "Bearer token=\"abc\"", MALFORMED, "" },
    { "quoted token", "Bearer \"abc\"", MALFORMED, "" },
    { "padding alone", "Bearer =", MALFORMED, "" },
    { "padding first", "Bearer =abc", MALFORMED, "" },
    { "padding inside", "Bearer a=b", MALFORMED, "" },
    { "padding and blank", "Bearer abc= ", MALFORMED, "" },
    { "control byte in token", "Bearer a\001c", MALFORMED, "" },
    { "line feed in token", "Bearer a\nc", MALFORMED, "" },
    { "DEL in token", "Bearer a\177c", MALFORMED, "" },
    { "high byte in token", "Bearer a\303\244c", MALFORMED, "" },
    { "token character outside b64token", "Bearer a!c", MALFORMED, "" },
    { "percent sign", "Bearer a%2fc", MALFORMED, "" },
};


static void
test_cases(void)
{
    size_t                i;
    unsigned char        *data;
    auth_token_str_t      token;
    auth_token_bearer_e   rc;
    const bearer_case_t  *c;

    for (i = 0; i < sizeof(bearer_cases) / sizeof(bearer_cases[0]); i++) {
        c = &bearer_cases[i];
        data = guard_str(c->value);

        rc = auth_token_bearer_parse(data, strlen(c->value), &token);

        is_int(rc, c->result, c->name);
        is_mem(token.data, token.len, c->token, strlen(c->token), c->name);
    }
}


/* a NUL is a byte like any other, never an end */

static void
test_nul(void)
{
    auth_token_str_t  token;

    is_int(auth_token_bearer_parse(guard_copy("Bearer abc\0", 11), 11,
                                   &token), MALFORMED, "trailing NUL");
    is_int(auth_token_bearer_parse(guard_copy("Bearer a\0c", 10), 10,
                                   &token), MALFORMED, "NUL in token");
    is_int(auth_token_bearer_parse(guard_copy("Bearer\0abc", 10), 10,
                                   &token), MALFORMED, "NUL after scheme");
    is_int(auth_token_bearer_parse(guard_copy("Bear\0er abc", 11), 11,
                                   &token), MISSING, "NUL in scheme");
    is_int(auth_token_bearer_parse(NULL, 0, &token), MISSING,
           "no data at all");
}


/* what follows len is not looked at, even if it would change the result */

static void
test_len(void)
{
    size_t                i;
    auth_token_str_t      token;
    auth_token_bearer_e   rc, want;

    static const unsigned char  value[] = "Bearer abc def";

    for (i = 0; i < sizeof(value); i++) {
        rc = auth_token_bearer_parse(value, i, &token);

        want = (i < 6) ? MISSING : (i >= 8 && i <= 10) ? OK : MALFORMED;

        ok(rc == want && token.len == (want == OK ? i - 7 : 0),
           "the first %zu bytes of \"%s\"", i, value);
    }
}


/* the tables against the text of the RFCs, for all 256 bytes */

static void
test_classes(void)
{
    int               c, bad_scheme, bad_token, want;
    unsigned char     scheme[] = "Bearer? abc", value[] = "Bearer ?";
    auth_token_str_t  token;

    bad_scheme = 0;
    bad_token = 0;

    for (c = 0; c < 256; c++) {

        /* "Bearer" followed by a token character is another scheme */

        scheme[6] = (unsigned char) c;
        want = (c != 0 && strchr(ALPHA DIGIT "!#$%&'*+-.^_`|~", c) != NULL)
               ? MISSING : (c == ' ') ? OK : MALFORMED;

        bad_scheme += auth_token_bearer_parse(scheme, sizeof(scheme) - 1,
                                              &token) != (unsigned) want;

        value[7] = (unsigned char) c;
        want = (c != 0 && strchr(ALPHA DIGIT "-._~+/", c) != NULL)
               ? OK : MALFORMED;

        bad_token += auth_token_bearer_parse(value, sizeof(value) - 1,
                                             &token) != (unsigned) want;
    }

    is_int(bad_scheme, 0, "all bytes after the scheme");
    is_int(bad_token, 0, "all bytes as a token");
}


/* all bytes at every place of tokens of every length */

static void
test_places(void)
{
    int            c, bad, want;
    size_t         len, i;
    unsigned char  token[14], *data;

    bad = 0;

    for (len = 1; len < sizeof(token); len++) {
        for (i = 0; i < len; i++) {
            memset(token, 'a', sizeof(token));

            for (c = 0; c < 256; c++) {
                token[i] = (unsigned char) c;
                data = guard_copy(token, len);

                want = (c != 0
                        && strchr(ALPHA DIGIT "-._~+/", c) != NULL)
                       || (c == '=' && i > 0 && i == len - 1);

                bad += auth_token_bearer_is_b64token(data, len) != want;
            }
        }
    }

    is_int(bad, 0, "all bytes at all places");
}


static void
test_long(void)
{
    static unsigned char  value[100000];

    unsigned char     *data;
    auth_token_str_t   token;

    memset(value, 'a', sizeof(value));

    data = guard_copy(value, sizeof(value));
    is_int(auth_token_bearer_parse(data, sizeof(value), &token), MISSING,
           "a very long scheme");

    memcpy(value, "Bearer ", 7);

    data = guard_copy(value, sizeof(value));
    is_int(auth_token_bearer_parse(data, sizeof(value), &token), OK,
           "a very long token is still one: providers set the limit");
    is_int((long long) token.len, sizeof(value) - 7, "its length");
    ok(token.data == data + 7, "the token is a slice of the value");
}


static void
test_b64token(void)
{
    size_t  i;

    static const struct {
        const char  *text;
        int          want;
    } cases[] = {
        { "", 0 }, { "a", 1 }, { "abc=", 1 }, { "abc==", 1 }, { "=", 0 },
        { "a=b", 0 }, { "a b", 0 }, { " a", 0 }, { "a ", 0 }, { "a\n", 0 },
        { "~", 1 }, { "\200", 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(auth_token_bearer_is_b64token(guard_str(cases[i].text),
                                         strlen(cases[i].text))
           == cases[i].want, "b64token %zu", i);
    }

    is_int(auth_token_bearer_is_b64token(NULL, 0), 0, "no data");
}


int
main(void)
{
    test_cases();
    test_nul();
    test_len();
    test_classes();
    test_places();
    test_long();
    test_b64token();

    return done();
}
