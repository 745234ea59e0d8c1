/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Signatures that others have published with their keys: RFC 7515, A.2 to A.4;
 * RFC 7520, 4.1 to 4.3; RFC 8037, A.4.  The failure this file exists for: what
 * is verified here is what was signed here, and nobody else's.
 */


#include "ngx_shim.h"
#include "ngx_shim_string.h"

#include "ngx_http_auth_token_verify.c"

#include "protocol.h"


/* RFC 7515 */

#define CLAIMS                                                                \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"    \
    "LmNvbS9pc19yb290Ijp0cnVlfQ"

#define N_7515                                                                \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw"    \
    "-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b3269"    \
    "0r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS"    \
    "-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aG"    \
    "hyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp"    \
    "oQ"

#define RS256_7515                                                            \
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuH"    \
    "Im4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdi"    \
    "uB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN"    \
    "9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2"    \
    "w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77"    \
    "Rw"

#define ES256_7515                                                            \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQ"    \
    "xfKTUJqPP3-Kg6NU1Q"

#define ES512_7515                                                            \
    "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2"    \
    "SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqO"    \
    "gzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"

/* RFC 7520 */

#define TEXT                                                                  \
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIg"    \
    "ZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVw"    \
    "IHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJl"    \
    "IHN3ZXB0IG9mZiB0by4"

#define N_7520                                                                \
    "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhx"    \
    "JWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC"    \
    "0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNL"    \
    "YD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniU"    \
    "FAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5"    \
    "zw"

#define RS256_7520                                                            \
    "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM"    \
    "1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWR"    \
    "a-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnH"    \
    "XFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KL"    \
    "UQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDqu"    \
    "Dg"

#define PS384_7520                                                            \
    "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tP"    \
    "id6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8b"    \
    "iiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrx"    \
    "UeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlq"    \
    "RHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72E"    \
    "aw"

#define ES512_7520                                                            \
    "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon"    \
    "7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2pu"    \
    "Qens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2"

/* RFC 8037 */

#define EDDSA_8037                                                            \
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsP"    \
    "t9g7sVvpAr_MuM0KAg"


#define BILBO  "\"kid\":\"bilbo.baggins@hobbiton.example\",\"use\":\"sig\","

#define P521(x, y)                                                            \
    "\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"" x "\",\"y\":\"" y "\""


/* "named": header and key have the same "kid" */

static const struct {
    const char  *name;
    const char  *key;
    const char  *text;
    int          named;
} vectors[] = {
    { "RFC 7515, A.2, RS256",
      "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" N_7515 "\"}",
      "eyJhbGciOiJSUzI1NiJ9." CLAIMS "." RS256_7515, 0 },

    { "RFC 7515, A.3, ES256",
      "{\"kty\":\"EC\",\"crv\":\"P-256\","
      "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
      "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
      "eyJhbGciOiJFUzI1NiJ9." CLAIMS "." ES256_7515, 0 },

    { "RFC 7515, A.4, ES512",
      "{" P521("AekpBQ8ST8a8VcfVOTNl353vSrDCLL"
               "JXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvL"
               "FV1jSfS9tsz4qUxcWceqwQGk",
               "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79a"
               "jL4Kkd0AZMaZmh9ubmf63e3kyMj2") "}",
      "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA." ES512_7515, 0 },

    { "RFC 7520, 4.1, RS256",
      "{" BILBO "\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" N_7520 "\"}",
      "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZS"
      "J9." TEXT "." RS256_7520, 1 },

    { "RFC 7520, 4.2, PS384",
      "{" BILBO "\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" N_7520 "\"}",
      "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZS"
      "J9." TEXT "." PS384_7520, 1 },

    { "RFC 7520, 4.3, ES512",
      "{" BILBO P521("AHKZLLOsCOzz5cY97ewNUajB957y-C"
                     "-U88c3v13nmGZx6sYl_oJXu9A5Rk"
                     "TKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",
                     "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVy"
                     "SsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1") "}",
      "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZS"
      "J9." TEXT "." ES512_7520, 1 },

    { "RFC 8037, A.4, EdDSA",
      "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
      "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      EDDSA_8037, 0 }
};

#define VECTORS  (sizeof(vectors) / sizeof(vectors[0]))


static ngx_int_t
verified(const char *text, size_t key, size_t last)
{
    char                set[8192];
    size_t              n;
    ngx_int_t           rc;
    const char         *reason;
    auth_token_jws_t    jws;
    auth_token_jwks_t   keys;

    n = (size_t) snprintf(set, sizeof(set), "{\"keys\":[");

    for ( /* void */ ; key <= last; key++) {
        n += (size_t) snprintf(set + n, sizeof(set) - n, "%s%s",
                               vectors[key].key, key < last ? "," : "");
    }

    snprintf(set + n, sizeof(set) - n, "]}");

    rc = 1;

    if (auth_token_jwks_read(auth_token_json_parse(str_of(set), 0, &reason),
                             &keys)
        == NULL)
    {
        if (auth_token_jws_parse(str_of(text), &jws) == NULL) {
            rc = ngx_http_auth_token_verify(&keys, &jws);
        }

        auth_token_jws_free(&jws);
    }

    auth_token_jwks_free(&keys);

    return rc;
}


/* another letter in the middle of the part that begins there */

static void
alter(const char *text, const char *part, char *out)
{
    char  *p;

    strcpy(out, text);

    p = out + (part - text) + strcspn(part, ".") / 2;
    *p = (*p == 'A') ? 'B' : 'A';
}


int
main(void)
{
    char        text[4096];
    size_t      i;
    ngx_int_t   refused;
    const char *claims;

    for (i = 0; i < VECTORS; i++) {
        claims = strchr(vectors[i].text, '.') + 1;
        refused = vectors[i].named ? NGX_ERROR : NGX_DECLINED;

        is_int(verified(vectors[i].text, i, i), NGX_OK, vectors[i].name);
        is_int(verified(vectors[i].text, 0, VECTORS - 1), NGX_OK,
               "by one of many keys");

        alter(vectors[i].text, claims, text);
        is_int(verified(text, i, i), refused, "not what else is said");

        alter(vectors[i].text, strchr(claims, '.') + 1, text);
        is_int(verified(text, i, i), refused, "not by another signature");

        /* the next vector has another key, but for 7520's second RSA */

        if (i != 3) {
            is_int(verified(vectors[i].text, (i + 1) % VECTORS,
                            (i + 1) % VECTORS),
                   NGX_DECLINED, "not by another key");
        }
    }

    /* the key of the other book, of the same kind */

    is_int(verified(vectors[0].text, 3, 3), NGX_DECLINED, "RSA, another key");
    is_int(verified(vectors[2].text, 5, 5), NGX_DECLINED, "EC, another key");

    return done();
}
