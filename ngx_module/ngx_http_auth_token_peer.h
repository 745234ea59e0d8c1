
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What the kernel knows of the other end of a connection that has a slot,
 * and how to part with it.  Used by the curl glue alone.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_PEER_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_PEER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_event.h"


/*
 * Whether an idle connection can take a request: NGX_OK, or NGX_DECLINED if
 * there are unread bytes, an end or an error.
 */
ngx_int_t ngx_http_auth_token_peer_silent(ngx_http_auth_token_slot_t *slot);

/*
 * Shuts the connection down so that its owner finds it dead: by an event if
 * it is in use, when it is tried next if it is idle.  NGX_DONE if the peer
 * had ended it already, else NGX_OK.
 */
ngx_int_t ngx_http_auth_token_peer_kill(ngx_http_auth_token_slot_t *slot);

/* the local port of an owned slot; 0 if it has none */
in_port_t ngx_http_auth_token_peer_port(ngx_http_auth_token_slot_t *slot);

/*
 * Bytes that the peer has not acknowledged yet, and milliseconds since it
 * sent anything; -1 where the system cannot tell.
 */
ngx_int_t ngx_http_auth_token_peer_unacked(ngx_http_auth_token_slot_t *slot);
ngx_int_t ngx_http_auth_token_peer_silence(ngx_http_auth_token_slot_t *slot);


#endif /* _NGX_HTTP_AUTH_TOKEN_PEER_H_INCLUDED_ */
