
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * How TLS is spoken with an authority: protocols, ciphers, commands of
 * OpenSSL.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_TLS_OPTIONS_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_TLS_OPTIONS_H_INCLUDED_


#include <openssl/ssl.h>

#include "ngx_http_auth_token_curl.h"


/*
 * Applies ssl_ciphers, ssl_conf_command and ssl_protocols of "reach", in this
 * order.  Returns NULL, or the word that could not be applied, as it was
 * given; OpenSSL's queue of errors may tell why.
 */
char *ngx_http_auth_token_tls_options_set(ngx_http_auth_token_reach_t *reach,
    SSL_CTX *ctx);


#endif /* _NGX_HTTP_AUTH_TOKEN_TLS_OPTIONS_H_INCLUDED_ */
