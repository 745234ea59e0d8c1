
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The types the glue shares: configuration of http{}, of a location and of a
 * provider, and the state of a request.  No code.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_MODULE_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "auth_token_decision.h"
#include "auth_token_record.h"
#include "auth_token_step.h"
#include "ngx_http_auth_token_cache.h"
#include "ngx_http_auth_token_curl.h"
#include "ngx_http_auth_token_fetch.h"
#include "ngx_http_auth_token_place.h"
#include "ngx_http_auth_token_zone.h"


#define NGX_HTTP_AUTH_TOKEN_FINGERPRINT  32

/* a token longer than this is nobody's; no look-up is made */
#define NGX_HTTP_AUTH_TOKEN_MAX_TOKEN    4096


typedef struct ngx_http_auth_token_ctx_s  ngx_http_auth_token_ctx_t;

typedef struct ngx_http_auth_token_ask_s  ngx_http_auth_token_ask_t;

typedef struct ngx_http_auth_token_credential_s
    ngx_http_auth_token_credential_t;

typedef struct ngx_http_auth_token_metadata_s
    ngx_http_auth_token_metadata_t;

typedef struct ngx_http_auth_token_signed_s
    ngx_http_auth_token_signed_t;

typedef struct ngx_http_auth_token_requirement_s
    ngx_http_auth_token_requirement_t;


/* one of the places where an authority is asked */

typedef struct {
    ngx_str_t                          url;
    ngx_http_auth_token_place_t        place;
    ngx_str_t                          name;         /* for the log */
    ngx_http_auth_token_reach_t        reach;
    ngx_uint_t                         max_fails;    /* 0: never aside */
    ngx_msec_t                         fail_timeout;

    /* of this worker */
    ngx_uint_t                         fails;
    ngx_msec_t                         checked;      /* the last failure */
} ngx_http_auth_token_endpoint_t;


/* set at configuration, then read-only, but for "slot" and "logged" */

typedef struct {
    ngx_str_t                          name;
    ngx_http_auth_token_place_t        place;
    const auth_token_protocol_t       *protocol;
    ngx_array_t                       *drafts;       /* while it is read */
    ngx_array_t                       *names;        /* of ngx_keyval_t */
    void                              *pattern;      /* ngx_regex_t, or NULL */
    ngx_array_t                        endpoints;    /* or */
    ngx_str_t                          issuer;       /* that publishes it */
    ngx_http_auth_token_place_t        issuer_place;
    ngx_msec_t                         issuer_valid;
    ngx_http_auth_token_fetched_t     *discovery;    /* with an issuer */
    ngx_http_auth_token_credential_t  *credential;
    ngx_http_auth_token_signed_t      *answer;       /* NULL: plain JSON */
    ngx_http_complex_value_t          *realm;        /* NULL: a location's */

    ngx_str_t                          zone_name;
    ngx_http_auth_token_place_t        cache_place;
    ngx_http_auth_token_zone_t        *zone;
    ngx_http_auth_token_lives_t        lives;
    ngx_http_auth_token_limit_t        limit;
    ngx_uint_t                         queue;        /* look-ups that wait */
    ngx_uint_t                         max_lookups;  /* a worker */

    ngx_msec_t                         timeout;
    time_t                             leeway;
    ngx_flag_t                         allow_http;
    ngx_http_auth_token_place_t        proxy_place;
    ngx_http_auth_token_reach_t        reach;
    ngx_http_auth_token_reach_t        aside;        /* for documents */

    /* digest of all that decides an answer: steps, endpoint, credential */
    u_char                             fingerprint
                                           [NGX_HTTP_AUTH_TOKEN_FINGERPRINT];

    /* of this worker */
    ngx_int_t                          slot;         /* -1: not yet taken */
    uint64_t                           owner;        /* of it, as it was */
    ngx_uint_t                         lookups;
    ngx_uint_t                         queued;       /* of them, for budget */
    time_t                             logged;
    ngx_uint_t                         suppressed;
} ngx_http_auth_token_provider_t;


typedef struct {
    ngx_array_t                        providers;    /* of pointers */
    ngx_array_t                        zones;        /* of pointers */
} ngx_http_auth_token_main_conf_t;


typedef struct {
    ngx_array_t                        documents;    /* of pointers */
} ngx_http_auth_token_srv_conf_t;


/* the value of auth_token; shared by the locations that inherit it */

typedef struct {
    ngx_str_t                          name;         /* as configured */
    ngx_http_auth_token_place_t        place;
    ngx_http_auth_token_provider_t    *provider;     /* NULL: by variable */
    ngx_array_t                       *names;        /* NULL: only one */
    ngx_array_t                       *providers;    /* of pointers */
    ngx_http_complex_value_t          *variable;
    ngx_array_t                       *sources;      /* NULL: the header */
    unsigned                           off:1;
} ngx_http_auth_token_rule_t;


typedef struct {
    ngx_http_auth_token_rule_t        *rule;
    ngx_array_t                       *requirements; /* NULL: none */
    ngx_uint_t                        *statuses;     /* by verdict; 0: none */
    ngx_http_complex_value_t          *realm;
    ngx_flag_t                         dry_run;
    ngx_flag_t                         strip;
    ngx_uint_t                         preflight;    /* 1: pass */
    ngx_uint_t                         error_format; /* 1: problem */
    ngx_http_auth_token_metadata_t    *metadata;     /* NULL: none */
    ngx_uint_t                         log_level;
} ngx_http_auth_token_loc_conf_t;


typedef enum {
    NGX_HTTP_AUTH_TOKEN_CACHED_NONE = 0,
    NGX_HTTP_AUTH_TOKEN_CACHED_HIT,
    NGX_HTTP_AUTH_TOKEN_CACHED_MISS,
    NGX_HTTP_AUTH_TOKEN_CACHED_NEGATIVE,
    NGX_HTTP_AUTH_TOKEN_CACHED_STALE,
    NGX_HTTP_AUTH_TOKEN_CACHED_REFRESH,
    NGX_HTTP_AUTH_TOKEN_CACHED_COALESCED
} ngx_http_auth_token_cached_e;


/*
 * One judgement: a token of a request asked at one provider.  Lives in
 * r->pool and outlives internal redirects.
 */

struct ngx_http_auth_token_ctx_s {
    ngx_http_request_t                *request;
    ngx_http_auth_token_provider_t    *provider;     /* NULL: none chosen */
    ngx_http_auth_token_ctx_t         *next;         /* other providers */
    ngx_http_auth_token_rule_t        *rule;         /* that brought it here */

    ngx_str_t                          token;
    auth_token_addr_t                  addr;

    /* what is known so far: a record for each step, in order */
    ngx_uint_t                         nhits;
    ngx_http_auth_token_hit_t          hits[NGX_HTTP_AUTH_TOKEN_MAX_STEPS];

    /* of the step after the last hit */
    ngx_http_auth_token_key_t          key;

    /* while a look-up is awaited, which outlives the waiting */
    ngx_http_auth_token_ask_t         *ask;
    ngx_queue_t                        queue;
    ngx_event_t                        timer;
    ngx_msec_t                         deadline;

    auth_token_verdict_e               facts;        /* rules 1 to 3 */
    auth_token_verdict_e               verdict;      /* and 4, as of now */
    ngx_http_auth_token_requirement_t *unmet;        /* of rule 4 */
    ngx_http_auth_token_cached_e       cached;
    ngx_uint_t                         retry_after;  /* seconds */
    ngx_uint_t                         tries;

    unsigned                           begun:1;
    unsigned                           waiting:1;
    unsigned                           refused:1;    /* the authority's no */
    unsigned                           failed:1;     /* no usable answer */
    unsigned                           limited:1;    /* as we did not ask */
    unsigned                           done:1;       /* no more look-ups */
    unsigned                           judged:1;
    unsigned                           delayed:1;    /* by auth_delay */
};


extern ngx_module_t  ngx_http_auth_token_module;


#endif /* _NGX_HTTP_AUTH_TOKEN_MODULE_H_INCLUDED_ */
