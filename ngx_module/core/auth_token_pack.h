/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Documents made smaller for the time that they are kept: identifiers in hex,
 * times and the names that authorities use take a fraction of their room.
 * Any bytes can be packed; what packs badly is better kept as it is.
 */


#ifndef _AUTH_TOKEN_PACK_H_INCLUDED_
#define _AUTH_TOKEN_PACK_H_INCLUDED_


#include <stddef.h>


/* auth_token_unpack() may write so many bytes behind the end of its output */
#define AUTH_TOKEN_PACK_SLACK  64


/*
 * Packs "len" bytes into "out" of "size".  Returns the bytes that it took, or
 * 0 if they do not fit.
 */
size_t auth_token_pack(const unsigned char *data, size_t len,
    unsigned char *out, size_t size);

/*
 * Unpacks into exactly "size" bytes of "out", which has room for
 * AUTH_TOKEN_PACK_SLACK more.  Returns 0, or -1 if "data" is damaged; never
 * reads or writes elsewhere.
 */
int auth_token_unpack(const unsigned char *data, size_t len,
    unsigned char *out, size_t size);


#endif /* _AUTH_TOKEN_PACK_H_INCLUDED_ */
