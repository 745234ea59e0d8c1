
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Records as they are kept in the zone: with the document packed, unless it is
 * large.  The address sets are left as they are, so that rule 3 can be judged
 * where a record lies.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_BLOB_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_BLOB_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "auth_token_record.h"


/* larger documents would take longer to unpack than to copy */
#define NGX_HTTP_AUTH_TOKEN_BLOB_PACKED  1024


/* a record in two parts: header and document, and the address sets */

typedef struct {
    auth_token_str_t             head;
    auth_token_str_t             sets;
    auth_token_record_t          record;       /* what "head" may point to */
    u_char                       doc[NGX_HTTP_AUTH_TOKEN_BLOB_PACKED];
} ngx_http_auth_token_blob_t;


/*
 * Makes the blob of a valid record, of which it borrows what is not packed,
 * and tells the bytes that it takes; writes it to a place of that size.
 */
size_t ngx_http_auth_token_blob_make(ngx_http_auth_token_blob_t *blob,
    auth_token_str_t record);
void ngx_http_auth_token_blob_write(ngx_http_auth_token_blob_t *blob,
    u_char *place);

/*
 * The bytes that the head of a record takes once unpacked.
 */
size_t ngx_http_auth_token_blob_size(const auth_token_record_t *r);

/*
 * Unpacks a head into "out", which has room for AUTH_TOKEN_PACK_SLACK bytes
 * more.  NGX_ERROR: it is damaged.
 */
ngx_int_t ngx_http_auth_token_blob_read(const auth_token_record_t *r,
    auth_token_record_t *out);


#endif /* _NGX_HTTP_AUTH_TOKEN_BLOB_H_INCLUDED_ */
