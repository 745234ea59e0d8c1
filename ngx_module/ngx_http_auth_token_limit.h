
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The budget and the breaker of a provider: pure functions of (slot, limit,
 * now) without a lock of their own.  Whoever calls them holds the zone's.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_LIMIT_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_LIMIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_cache.h"
#include "ngx_http_auth_token_zone.h"


/*
 * Takes "f" off the budget; half of the burst is only for tokens that are
 * f->known.  NGX_OK, with f->probe set if it is the one that tries whether the
 * authority is back, until "deadline"; or NGX_DECLINED, *retry_after in seconds
 * and f->budget.
 */
ngx_int_t ngx_http_auth_token_limit_take(ngx_http_auth_token_slot_t *slot,
    ngx_http_auth_token_limit_t *limit, ngx_http_auth_token_flight_t *f,
    ngx_msec_t now, ngx_msec_t deadline, ngx_uint_t *retry_after);

/*
 * Tell how a look-up that was taken ended.  _failure(): the authority is to
 * blame, or asked for "retry_after" seconds; without a breaker only the
 * latter counts.  _neutral(): it says nothing about the authority.
 */
void ngx_http_auth_token_limit_success(ngx_http_auth_token_slot_t *slot,
    ngx_http_auth_token_flight_t *f, ngx_msec_t now);
void ngx_http_auth_token_limit_failure(ngx_http_auth_token_slot_t *slot,
    ngx_http_auth_token_limit_t *limit, ngx_http_auth_token_flight_t *f,
    ngx_http_auth_token_fault_e fault, ngx_uint_t retry_after, ngx_msec_t now);
void ngx_http_auth_token_limit_neutral(ngx_http_auth_token_slot_t *slot,
    ngx_http_auth_token_flight_t *f);

/*
 * The authority has "remaining" look-ups left until "reset" seconds from now:
 * the budget is lowered to that; with none left all wait until then.
 */
void ngx_http_auth_token_limit_observe(ngx_http_auth_token_slot_t *slot,
    ngx_http_auth_token_limit_t *limit, ngx_uint_t remaining,
    ngx_uint_t reset, ngx_msec_t now);

/*
 * Seconds until the provider may be asked again, rounded up; 0: now.
 */
ngx_uint_t ngx_http_auth_token_limit_closed(ngx_http_auth_token_slot_t *slot,
    ngx_msec_t now);


#endif /* _NGX_HTTP_AUTH_TOKEN_LIMIT_H_INCLUDED_ */
