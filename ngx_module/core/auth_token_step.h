/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * How a token authority is asked, as data: steps, each a request to send, the
 * statuses and what they mean, and where each fact stands in the answer.  The
 * presets are constant tables of these types; the configuration may fill
 * others.  All slices are borrowed and outlive the look-ups made with them.
 */

#ifndef _AUTH_TOKEN_STEP_H_INCLUDED_
#define _AUTH_TOKEN_STEP_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "auth_token_buf.h"
#include "auth_token_charset.h"
#include "auth_token_doc.h"
#include "auth_token_record.h"
#include "auth_token_signed.h"
#include "auth_token_str.h"


/* who authenticates a step's request; TOKEN: the client's token as bearer */

typedef enum {
    AUTH_TOKEN_CREDENTIAL_NONE = 0,
    AUTH_TOKEN_CREDENTIAL_PROVIDER,
    AUTH_TOKEN_CREDENTIAL_TOKEN
} auth_token_credential_e;


typedef enum {
    AUTH_TOKEN_BODY_NONE = 0,
    AUTH_TOKEN_BODY_FORM,              /* from step.form */
    AUTH_TOKEN_BODY_JSON               /* from step.json */
} auth_token_body_e;


typedef enum {
    AUTH_TOKEN_OUTCOME_UNAVAILABLE = 0,
    AUTH_TOKEN_OUTCOME_RECORD,
    AUTH_TOKEN_OUTCOME_UNKNOWN
} auth_token_outcome_e;


/* a header field or a form parameter; the value is a template */

typedef struct {
    auth_token_str_t                name;
    auth_token_str_t                value;
} auth_token_pair_t;


/* what a status means; one that a step does not list is UNAVAILABLE */

typedef struct {
    unsigned                        status;
    auth_token_outcome_e            outcome;
    const char                     *reason;  /* for the error log, or NULL */
    unsigned                        bare:1;  /* whatever the body is */
    unsigned                        health:1;
    unsigned                        credential:1;
} auth_token_status_t;


/* an accepted value; NULL accepts an absent member too */

typedef struct {
    auth_token_doc_type_e           type;    /* NULL to STRING, not REAL */
    auth_token_str_t                text;    /* of a string */
    int64_t                         integer;
} auth_token_scalar_t;


typedef enum {
    AUTH_TOKEN_EXPECT_VALUE = 0,       /* one of values */
    AUTH_TOKEN_EXPECT_EMPTY,           /* absent, null or an empty list */
    AUTH_TOKEN_EXPECT_LIST,
    AUTH_TOKEN_EXPECT_OBJECT,
    AUTH_TOKEN_EXPECT_STRING
} auth_token_expect_e;


typedef struct {
    auth_token_str_t                pointer;
    auth_token_expect_e             expect;
    size_t                          nvalues;
    const auth_token_scalar_t      *values;
} auth_token_condition_t;


/* forms that a time may have; a member of any other form is unusable */

#define AUTH_TOKEN_TIME_RFC3339       0x01
#define AUTH_TOKEN_TIME_DATE_ONLY     0x02   /* YYYY-MM-DD, UTC */
#define AUTH_TOKEN_TIME_NO_ZONE       0x04   /* taken as UTC */
#define AUTH_TOKEN_TIME_SECONDS       0x08   /* number since the epoch */
#define AUTH_TOKEN_TIME_MILLISECONDS  0x10   /* number since the epoch */
#define AUTH_TOKEN_TIME_ZERO_IS_NONE  0x20   /* number 0: no limit */
#define AUTH_TOKEN_TIME_NULL_IS_WRONG 0x40   /* else null is absent */

/* length 0 of the pointer: the authority gives no such time */

typedef struct {
    auth_token_str_t                pointer;
    unsigned                        forms;
} auth_token_when_t;


/*
 * A list of CIDR texts.  Several that are present all count: every allow list
 * must admit the address, no deny list may hold it.
 */

typedef struct {
    auth_token_str_t                pointer;
    unsigned                        empty_is_any:1;  /* else: nobody */
} auth_token_cidrs_t;


/* an object that restricts and may hold these members only */

typedef struct {
    auth_token_str_t                pointer;
    size_t                          nmembers;
    const auth_token_str_t         *members;
    unsigned                        empty_is_nobody:1;
} auth_token_closed_t;


typedef enum {
    AUTH_TOKEN_FIELD_ANY = 0,          /* kept as it is */
    AUTH_TOKEN_FIELD_STRING,
    AUTH_TOKEN_FIELD_LABEL,            /* string or integer, kept as string */
    AUTH_TOKEN_FIELD_STRINGS,          /* string or list of strings, as is */
    AUTH_TOKEN_FIELD_WORDS,            /* list or words, kept as a list */
    AUTH_TOKEN_FIELD_LIST              /* list of anything */
} auth_token_field_e;


/* a member of the record's document; absent or null: left out.  An "id" that
   is required must not be empty either. */

typedef struct {
    auth_token_str_t                name;
    auth_token_str_t                pointer;
    auth_token_field_e              type;
    unsigned                        required:1;
} auth_token_field_t;


/* what the field "id" must equal */

typedef enum {
    AUTH_TOKEN_ID_ANY = 0,
    AUTH_TOKEN_ID_TOKEN,               /* the client's token */
    AUTH_TOKEN_ID_EARLIER              /* the id of an earlier record */
} auth_token_id_e;


/*
 * Bytes (auth_token_charset.h; none given: any) and length of a text.  "set" is
 * what charset says, made before as requests need it; NULL: made when needed.
 */

typedef struct {
    auth_token_str_t                charset;
    size_t                          min;
    size_t                          max;
    const auth_token_charset_t     *set;
} auth_token_syntax_t;


typedef struct {
    size_t                          nactive;     /* none: 200 is enough */
    const auth_token_condition_t   *active;      /* all must hold */
    unsigned                        inactive_is_unknown:1;
    unsigned                        rest:1;      /* keep the other members
                                                    of the top object */
    auth_token_when_t               not_before;
    auth_token_when_t               expires_on;
    size_t                          nallow;
    const auth_token_cidrs_t       *allow;
    size_t                          ndeny;
    const auth_token_cidrs_t       *deny;
    size_t                          nclosed;
    const auth_token_closed_t      *closed;
    size_t                          nfields;
    const auth_token_field_t       *fields;
    auth_token_id_e                 id;
    auth_token_syntax_t             id_syntax;   /* max 0: none */
    auth_token_str_t                echo;        /* the client's token, if
                                                    present; never kept */
} auth_token_mapping_t;


typedef struct {
    auth_token_str_t                name;        /* for the log */
    auth_token_credential_e         credential;

    auth_token_str_t                method;
    auth_token_str_t                path;        /* template, may be "" */
    size_t                          nheaders;
    const auth_token_pair_t        *headers;
    auth_token_body_e               body;
    size_t                          nform;
    const auth_token_pair_t        *form;
    auth_token_str_t                json;        /* template */

    size_t                          nstatuses;
    const auth_token_status_t      *statuses;
    size_t                          nsuccess;    /* of a RECORD's body */
    const auth_token_condition_t   *success;
    size_t                          nrefusal;    /* of any other body */
    const auth_token_condition_t   *refusal;
    auth_token_str_t                code;        /* pointer, for the log */
    const auth_token_signed_t      *jwt;         /* NULL: records come as
                                                    plain JSON */

    auth_token_mapping_t            mapping;
} auth_token_step_t;


typedef struct {
    auth_token_str_t                name;
    size_t                          nsteps;
    const auth_token_step_t        *steps;
    auth_token_syntax_t             token;       /* always a b64token too */
    unsigned                        form_credentials:1; /* "post" is allowed */
    unsigned                        varies:1;    /* auth_token_subject.h */
} auth_token_protocol_t;


/* what templates are expanded from; records in the order of the steps */

typedef struct {
    auth_token_str_t                   token;
    const auth_token_record_t *const  *records;
    size_t                             nrecords;
} auth_token_vars_t;


/*
 * To be freed with auth_token_request_free(): it may hold the client's token.
 * "url" has a NUL after its last byte; "headers" are "Name: value" lines, each
 * with a NUL at its end (counted in the length).
 */

typedef struct {
    auth_token_str_t                method;
    auth_token_buf_t                url;
    auth_token_buf_t                headers;
    auth_token_buf_t                body;
    unsigned                        has_body:1;
} auth_token_request_t;


/* ceilings of the parts of a request; a token is at most 4,096 bytes */
#define AUTH_TOKEN_REQUEST_MAX_URL      16384
#define AUTH_TOKEN_REQUEST_MAX_HEADERS  32768
#define AUTH_TOKEN_REQUEST_MAX_BODY     65536


/*
 * The built-in protocol of that name, or NULL.
 */
const auth_token_protocol_t *auth_token_preset_find(auth_token_str_t name);

/*
 * 1 if "token" can be one of this protocol's tokens, else 0.  What is not
 * must never be sent to the authority.
 */
int auth_token_token_fits(const auth_token_protocol_t *p,
    auth_token_str_t token);

/*
 * 1 if "text" has the syntax, else 0; "max" 0 of the syntax is no limit.
 */
int auth_token_syntax_ok(const auth_token_syntax_t *syntax,
    auth_token_str_t text);

/*
 * Fills "out" (any content; it is initialised here).  Returns 0, or -1: a
 * variable has no value or one that cannot stand there, or no memory.  The
 * provider's credential is not in it, the client's (credential TOKEN) is.
 */
int auth_token_request_build(const auth_token_step_t *step,
    auth_token_str_t endpoint, const auth_token_vars_t *vars,
    auth_token_request_t *out);

/*
 * Wipes and frees a request that was built or whose build failed.
 */
void auth_token_request_free(auth_token_request_t *r);

/*
 * Appends length-prefixed bytes of everything in the protocol that decides an
 * answer, for the cache key.  Returns 0, or -1 when the buffer fails.
 */
int auth_token_protocol_fingerprint(const auth_token_protocol_t *p,
    auth_token_buf_t *out);


#endif /* _AUTH_TOKEN_STEP_H_INCLUDED_ */
