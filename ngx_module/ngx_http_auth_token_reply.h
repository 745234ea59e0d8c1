
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The answer to a question: from the transfer to what is landed.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_REPLY_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_REPLY_H_INCLUDED_


#include "ngx_http_auth_token_ask.h"


/*
 * The handler of ask->fetch, whose data is "ask"; ends with ask->handler.
 */
void ngx_http_auth_token_reply_handler(ngx_http_auth_token_fetch_t *f);


#endif /* _NGX_HTTP_AUTH_TOKEN_REPLY_H_INCLUDED_ */
