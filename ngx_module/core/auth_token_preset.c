/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The built-in protocols, as tables.  No code but the look-up by name belongs
 * here: a protocol that cannot be written as a table needs a richer table.
 */


#include "auth_token_step.h"


#define auth_token_preset_count(list)  (sizeof(list) / sizeof((list)[0]))

#define auth_token_preset_list(list)   auth_token_preset_count(list), (list)


static const auth_token_scalar_t  auth_token_preset_true[] = {
    { .type = AUTH_TOKEN_DOC_TRUE }
};

static const auth_token_scalar_t  auth_token_preset_false[] = {
    { .type = AUTH_TOKEN_DOC_FALSE }
};

static const auth_token_scalar_t  auth_token_preset_active[] = {
    { .type = AUTH_TOKEN_DOC_STRING, .text = auth_token_str("active") }
};


/*
 * Cloudflare: both answers come in one envelope, and what restricts a token
 * is read from either, though today only the details hold a "condition".
 */

static const auth_token_condition_t  auth_token_preset_cf_success[] = {
    { auth_token_str("/success"), AUTH_TOKEN_EXPECT_VALUE,
      auth_token_preset_list(auth_token_preset_true) },
    { auth_token_str("/errors"), AUTH_TOKEN_EXPECT_EMPTY, 0, NULL },
    { auth_token_str("/result"), AUTH_TOKEN_EXPECT_OBJECT, 0, NULL }
};

static const auth_token_condition_t  auth_token_preset_cf_refusal[] = {
    { auth_token_str("/success"), AUTH_TOKEN_EXPECT_VALUE,
      auth_token_preset_list(auth_token_preset_false) },
    { auth_token_str("/errors"), AUTH_TOKEN_EXPECT_LIST, 0, NULL }
};

static const auth_token_condition_t  auth_token_preset_cf_active[] = {
    { auth_token_str("/result/status"), AUTH_TOKEN_EXPECT_VALUE,
      auth_token_preset_list(auth_token_preset_active) }
};

/* the vendor's documents of different years spell the member differently */

static const auth_token_cidrs_t  auth_token_preset_cf_allow[] = {
    { auth_token_str("/result/condition/request_ip/in"), 0 },
    { auth_token_str("/result/condition/request.ip/in"), 0 }
};

static const auth_token_cidrs_t  auth_token_preset_cf_deny[] = {
    { auth_token_str("/result/condition/request_ip/not_in"), 0 },
    { auth_token_str("/result/condition/request.ip/not_in"), 0 }
};

static const auth_token_str_t  auth_token_preset_cf_condition[] = {
    auth_token_str("request_ip"),
    auth_token_str("request.ip")
};

static const auth_token_str_t  auth_token_preset_cf_request_ip[] = {
    auth_token_str("in"),
    auth_token_str("not_in")
};

static const auth_token_closed_t  auth_token_preset_cf_closed[] = {
    { auth_token_str("/result/condition"),
      auth_token_preset_list(auth_token_preset_cf_condition), 1 },
    { auth_token_str("/result/condition/request_ip"),
      auth_token_preset_list(auth_token_preset_cf_request_ip), 1 },
    { auth_token_str("/result/condition/request.ip"),
      auth_token_preset_list(auth_token_preset_cf_request_ip), 1 }
};

static const auth_token_field_t  auth_token_preset_cf_fields[] = {
    { auth_token_str("id"), auth_token_str("/result/id"),
      AUTH_TOKEN_FIELD_STRING, 1 },
    { auth_token_str("name"), auth_token_str("/result/name"),
      AUTH_TOKEN_FIELD_STRING, 0 },
    { auth_token_str("status"), auth_token_str("/result/status"),
      AUTH_TOKEN_FIELD_STRING, 1 },
    { auth_token_str("policies"), auth_token_str("/result/policies"),
      AUTH_TOKEN_FIELD_LIST, 0 },
    { auth_token_str("issued_on"), auth_token_str("/result/issued_on"),
      AUTH_TOKEN_FIELD_STRING, 0 },
    { auth_token_str("modified_on"), auth_token_str("/result/modified_on"),
      AUTH_TOKEN_FIELD_STRING, 0 },
    { auth_token_str("last_used_on"), auth_token_str("/result/last_used_on"),
      AUTH_TOKEN_FIELD_STRING, 0 }
};

/* as auth_token_charset_init() makes them: t/unit/preset.c compares */

static const auth_token_charset_t  auth_token_preset_word = {
    { 0, 0x03ff2000, 0x87fffffe, 0x07fffffe, 0, 0, 0, 0 }
};

static const auth_token_charset_t  auth_token_preset_hex = {
    { 0, 0x03ff0000, 0, 0x0000007e, 0, 0, 0, 0 }
};

#define auth_token_preset_cf_id                                               \
    { auth_token_str("0-9a-f"), 32, 32, &auth_token_preset_hex }

#define auth_token_preset_cf_mapping(source)                                  \
    {                                                                         \
        .nactive = auth_token_preset_count(auth_token_preset_cf_active),      \
        .active = auth_token_preset_cf_active,                                \
        .not_before = { auth_token_str("/result/not_before"),                 \
                        AUTH_TOKEN_TIME_RFC3339 },                            \
        .expires_on = { auth_token_str("/result/expires_on"),                 \
                        AUTH_TOKEN_TIME_RFC3339 },                            \
        .nallow = auth_token_preset_count(auth_token_preset_cf_allow),        \
        .allow = auth_token_preset_cf_allow,                                  \
        .ndeny = auth_token_preset_count(auth_token_preset_cf_deny),          \
        .deny = auth_token_preset_cf_deny,                                    \
        .nclosed = auth_token_preset_count(auth_token_preset_cf_closed),      \
        .closed = auth_token_preset_cf_closed,                                \
        .nfields = auth_token_preset_count(auth_token_preset_cf_fields),      \
        .fields = auth_token_preset_cf_fields,                                \
        .id = source,                                                         \
        .id_syntax = auth_token_preset_cf_id                                  \
    }

#define auth_token_preset_cf_answers(rules)                                   \
    .nstatuses = auth_token_preset_count(rules),                              \
    .statuses = rules,                                                        \
    .nsuccess = auth_token_preset_count(auth_token_preset_cf_success),        \
    .success = auth_token_preset_cf_success,                                  \
    .nrefusal = auth_token_preset_count(auth_token_preset_cf_refusal),        \
    .refusal = auth_token_preset_cf_refusal,                                  \
    .code = auth_token_str("/errors/0/code")


/* a 403 here is no word about the token: it was judged by our own address */

static const auth_token_status_t  auth_token_preset_cf_verify_statuses[] = {
    { .status = 200, .outcome = AUTH_TOKEN_OUTCOME_RECORD },
    { .status = 400, .outcome = AUTH_TOKEN_OUTCOME_UNKNOWN,
      .reason = "the authority does not know the token" },
    { .status = 401, .outcome = AUTH_TOKEN_OUTCOME_UNKNOWN,
      .reason = "the authority does not know the token" },
    { .status = 403, .outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE,
      .reason = "the authority refused to verify the token for this server, "
                "which the token's own address list may not admit" }
};

static const auth_token_status_t  auth_token_preset_cf_details_statuses[] = {
    { .status = 200, .outcome = AUTH_TOKEN_OUTCOME_RECORD },
    { .status = 401, .outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE,
      .reason = "the credential was refused", .credential = 1 },
    { .status = 403, .outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE,
      .reason = "the credential was refused", .credential = 1 },
    { .status = 404, .outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE,
      .reason = "the authority verified the token and has no details of it: "
                "wrong endpoint, or it was deleted just now" }
};

static const auth_token_status_t  auth_token_preset_cf_id_statuses[] = {
    { .status = 200, .outcome = AUTH_TOKEN_OUTCOME_RECORD },
    { .status = 401, .outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE,
      .reason = "the credential was refused", .credential = 1 },
    { .status = 403, .outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE,
      .reason = "the credential was refused", .credential = 1 },
    { .status = 404, .outcome = AUTH_TOKEN_OUTCOME_UNKNOWN,
      .reason = "the authority does not know the token" }
};

static const auth_token_step_t  auth_token_preset_cf_steps[] = {
    {
        .name = auth_token_str("verify"),
        .credential = AUTH_TOKEN_CREDENTIAL_TOKEN,
        .method = auth_token_str("GET"),
        .path = auth_token_str("/verify"),
        auth_token_preset_cf_answers(auth_token_preset_cf_verify_statuses),
        .mapping = auth_token_preset_cf_mapping(AUTH_TOKEN_ID_ANY)
    },
    {
        .name = auth_token_str("details"),
        .credential = AUTH_TOKEN_CREDENTIAL_PROVIDER,
        .method = auth_token_str("GET"),
        .path = auth_token_str("/$id"),
        auth_token_preset_cf_answers(auth_token_preset_cf_details_statuses),
        .mapping = auth_token_preset_cf_mapping(AUTH_TOKEN_ID_EARLIER)
    }
};

static const auth_token_step_t  auth_token_preset_cf_id_steps[] = {
    {
        .name = auth_token_str("details"),
        .credential = AUTH_TOKEN_CREDENTIAL_PROVIDER,
        .method = auth_token_str("GET"),
        .path = auth_token_str("/$token"),
        auth_token_preset_cf_answers(auth_token_preset_cf_id_statuses),
        .mapping = auth_token_preset_cf_mapping(AUTH_TOKEN_ID_TOKEN)
    }
};


/*
 * RFC 7662.  The members that the RFC defines are checked for their types,
 * and the whole answer is kept under its own names.
 */

static const auth_token_pair_t  auth_token_preset_oauth_form[] = {
    { auth_token_str("token"), auth_token_str("$token") },
    { auth_token_str("token_type_hint"), auth_token_str("access_token") }
};

static const auth_token_condition_t  auth_token_preset_oauth_active[] = {
    { auth_token_str("/active"), AUTH_TOKEN_EXPECT_VALUE,
      auth_token_preset_list(auth_token_preset_true) }
};

static const auth_token_field_t  auth_token_preset_oauth_fields[] = {
    { auth_token_str("id"), auth_token_str("/jti"),
      AUTH_TOKEN_FIELD_STRING, 0 },
    { auth_token_str("jti"), auth_token_str("/jti"),
      AUTH_TOKEN_FIELD_STRING, 0 },
    { auth_token_str("sub"), auth_token_str("/sub"),
      AUTH_TOKEN_FIELD_STRING, 0 },
    { auth_token_str("iss"), auth_token_str("/iss"),
      AUTH_TOKEN_FIELD_STRING, 0 },
    { auth_token_str("aud"), auth_token_str("/aud"),
      AUTH_TOKEN_FIELD_STRINGS, 0 },
    { auth_token_str("username"), auth_token_str("/username"),
      AUTH_TOKEN_FIELD_STRING, 0 },
    { auth_token_str("scope"), auth_token_str("/scope"),
      AUTH_TOKEN_FIELD_STRING, 0 },
    { auth_token_str("client_id"), auth_token_str("/client_id"),
      AUTH_TOKEN_FIELD_STRING, 0 }
};

static const auth_token_status_t  auth_token_preset_oauth_statuses[] = {
    { .status = 200, .outcome = AUTH_TOKEN_OUTCOME_RECORD },
    { .status = 401, .outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE,
      .reason = "the credential was refused", .bare = 1, .credential = 1 },
    { .status = 403, .outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE,
      .reason = "the credential was refused", .bare = 1, .credential = 1 }
};

static const auth_token_step_t  auth_token_preset_oauth_steps[] = {
    {
        .name = auth_token_str("introspection"),
        .credential = AUTH_TOKEN_CREDENTIAL_PROVIDER,
        .method = auth_token_str("POST"),
        .body = AUTH_TOKEN_BODY_FORM,
        .nform = auth_token_preset_count(auth_token_preset_oauth_form),
        .form = auth_token_preset_oauth_form,
        .nstatuses = auth_token_preset_count(auth_token_preset_oauth_statuses),
        .statuses = auth_token_preset_oauth_statuses,
        .mapping = {
            .nactive = auth_token_preset_count(auth_token_preset_oauth_active),
            .active = auth_token_preset_oauth_active,
            .inactive_is_unknown = 1,
            .rest = 1,
            .not_before = { auth_token_str("/nbf"),
                            AUTH_TOKEN_TIME_SECONDS
                            |AUTH_TOKEN_TIME_NULL_IS_WRONG },
            .expires_on = { auth_token_str("/exp"),
                            AUTH_TOKEN_TIME_SECONDS
                            |AUTH_TOKEN_TIME_NULL_IS_WRONG },
            .nfields = auth_token_preset_count(auth_token_preset_oauth_fields),
            .fields = auth_token_preset_oauth_fields
        }
    }
};


/*
 * Vault.  A token that it does not know and a credential that may not ask are
 * both a 403; "bad token" tells the one from the other.  An answer about a
 * token always repeats it; without that a 200 is no yes.
 */

static const auth_token_scalar_t  auth_token_preset_vault_bad[] = {
    { .type = AUTH_TOKEN_DOC_STRING, .text = auth_token_str("bad token") }
};

static const auth_token_condition_t  auth_token_preset_vault_success[] = {
    { auth_token_str("/data/id"), AUTH_TOKEN_EXPECT_STRING, 0, NULL },
    { auth_token_str("/errors"), AUTH_TOKEN_EXPECT_EMPTY, 0, NULL }
};

static const auth_token_condition_t  auth_token_preset_vault_refusal[] = {
    { auth_token_str("/errors"), AUTH_TOKEN_EXPECT_LIST, 0, NULL },
    { auth_token_str("/errors/0"), AUTH_TOKEN_EXPECT_VALUE,
      auth_token_preset_list(auth_token_preset_vault_bad) }
};

static const auth_token_status_t  auth_token_preset_vault_statuses[] = {
    { .status = 200, .outcome = AUTH_TOKEN_OUTCOME_RECORD },
    { .status = 403, .outcome = AUTH_TOKEN_OUTCOME_UNKNOWN,
      .reason = "the authority does not know the token" }
};

static const auth_token_cidrs_t  auth_token_preset_vault_allow[] = {
    { auth_token_str("/data/bound_cidrs"), 1 }
};

static const auth_token_field_t  auth_token_preset_vault_fields[] = {
    { auth_token_str("id"), auth_token_str("/data/accessor"),
      AUTH_TOKEN_FIELD_STRING, 0 },
    { auth_token_str("name"), auth_token_str("/data/display_name"),
      AUTH_TOKEN_FIELD_STRING, 0 },
    { auth_token_str("scope"), auth_token_str("/data/policies"),
      AUTH_TOKEN_FIELD_WORDS, 0 },
    { auth_token_str("identity_policies"),
      auth_token_str("/data/identity_policies"), AUTH_TOKEN_FIELD_WORDS, 0 },
    { auth_token_str("sub"), auth_token_str("/data/entity_id"),
      AUTH_TOKEN_FIELD_STRING, 0 },
    { auth_token_str("path"), auth_token_str("/data/path"),
      AUTH_TOKEN_FIELD_STRING, 0 },
    { auth_token_str("meta"), auth_token_str("/data/meta"),
      AUTH_TOKEN_FIELD_ANY, 0 }
};

static const auth_token_step_t  auth_token_preset_vault_steps[] = {
    {
        .name = auth_token_str("lookup"),
        .credential = AUTH_TOKEN_CREDENTIAL_PROVIDER,
        .method = auth_token_str("POST"),
        .path = auth_token_str("/auth/token/lookup"),
        .body = AUTH_TOKEN_BODY_JSON,
        .json = auth_token_str("{\"token\":\"$token\"}"),
        .nstatuses = auth_token_preset_count(auth_token_preset_vault_statuses),
        .statuses = auth_token_preset_vault_statuses,
        .nsuccess = auth_token_preset_count(auth_token_preset_vault_success),
        .success = auth_token_preset_vault_success,
        .nrefusal = auth_token_preset_count(auth_token_preset_vault_refusal),
        .refusal = auth_token_preset_vault_refusal,
        .mapping = {
            .expires_on = { auth_token_str("/data/expire_time"),
                            AUTH_TOKEN_TIME_RFC3339 },
            .nallow = auth_token_preset_count(auth_token_preset_vault_allow),
            .allow = auth_token_preset_vault_allow,
            .nfields = auth_token_preset_count(auth_token_preset_vault_fields),
            .fields = auth_token_preset_vault_fields,
            .echo = auth_token_str("/data/id")
        }
    }
};


static const auth_token_protocol_t  auth_token_presets[] = {
    {
        .name = auth_token_str("cloudflare"),
        auth_token_preset_list(auth_token_preset_cf_steps),
        .token = { auth_token_str("A-Za-z0-9_-"), 40, 80,
                   &auth_token_preset_word }
    },
    {
        .name = auth_token_str("cloudflare_id"),
        auth_token_preset_list(auth_token_preset_cf_id_steps),
        .token = auth_token_preset_cf_id
    },
    {
        .name = auth_token_str("introspection"),
        auth_token_preset_list(auth_token_preset_oauth_steps),
        .token = { .min = 1, .max = 4096 },
        .form_credentials = 1
    },
    {
        .name = auth_token_str("vault"),
        auth_token_preset_list(auth_token_preset_vault_steps),
        .token = { .min = 1, .max = 4096 }
    }
};


const auth_token_protocol_t *
auth_token_preset_find(auth_token_str_t name)
{
    size_t  i;

    for (i = 0; i < auth_token_preset_count(auth_token_presets); i++) {
        if (auth_token_str_eq(&auth_token_presets[i].name, &name)) {
            return &auth_token_presets[i];
        }
    }

    return NULL;
}
