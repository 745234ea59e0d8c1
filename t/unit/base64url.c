/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Bytes that can be written in more than one way.
 */


#include "../../ngx_module/core/auth_token_base64url.c"

#include "protocol.h"


static const struct {
    const char  *text;
    const char  *bytes;        /* NULL: it is none */
} base64url_cases[] = {
    /* RFC 4648, 10, and RFC 7515, C */
    { "", "" }, { "Zg", "f" }, { "Zm8", "fo" }, { "Zm9v", "foo" },
    { "Zm9vYg", "foob" }, { "Zm9vYmE", "fooba" }, { "Zm9vYmFy", "foobar" },
    { "A-z_4ME", "\x03\xec\xff\xe0\xc1" },

    { "A", NULL }, { "Zm9vY", NULL }, { "Zh", NULL }, { "Zm9", NULL },
    { "Zg==", NULL }, { "Zg=", NULL }, { "+z_4ME", NULL }, { "A/z4", NULL },
    { "Zm9v\n", NULL }, { " Zg", NULL }, { "Z g", NULL }, { "@A", NULL },
    { "[A", NULL }, { "`A", NULL }, { "{A", NULL }, { ":A", NULL },
    { "Zm\xc3\xa4", NULL }
};


int
main(void)
{
    int               rc;
    size_t            i;
    const char       *bytes;
    auth_token_buf_t  out;

    for (i = 0; i < sizeof(base64url_cases) / sizeof(base64url_cases[0]); i++)
    {
        bytes = base64url_cases[i].bytes;

        auth_token_buf_init(&out, 64);

        rc = auth_token_base64url_decode(guarded(base64url_cases[i].text),
                                         &out);

        ok(bytes == NULL ? rc == -1
                         : rc == 0 && out.len == strlen(bytes)
                           && (out.len == 0
                               || memcmp(out.data, bytes, out.len) == 0),
           "\"%s\"", show(base64url_cases[i].text));

        auth_token_buf_free(&out);
    }

    auth_token_buf_init(&out, 2);
    is_int(auth_token_base64url_decode(str_of("Zm9v"), &out), -1, "no room");
    auth_token_buf_free(&out);

    return done();
}
