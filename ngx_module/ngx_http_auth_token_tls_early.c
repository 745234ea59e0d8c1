
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Has OpenSSL do while there is memory what it does but once, and does not try
 * again where that failed: in the process that reads the configuration, so
 * that workers inherit what came of it.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/decoder.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/x509v3.h>

#include "ngx_http_auth_token_tls.h"


/*
 * OpenSSL 3 sets up all algorithms of a kind when it is first asked for one of
 * them: one that there was no memory for then is, as long as the process
 * lives, one that it does not know.  The names matter little, and whether they
 * are known: each stands for its kind.
 */

void
ngx_http_auth_token_tls_algorithms(void)
{
    EVP_MD_free(EVP_MD_fetch(NULL, "SHA256", NULL));
    EVP_MAC_free(EVP_MAC_fetch(NULL, "HMAC", NULL));
    EVP_KDF_free(EVP_KDF_fetch(NULL, "HKDF", NULL));
    EVP_KEM_free(EVP_KEM_fetch(NULL, "RSA", NULL));
    EVP_RAND_free(EVP_RAND_fetch(NULL, "CTR-DRBG", NULL));
    EVP_CIPHER_free(EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL));
    EVP_KEYMGMT_free(EVP_KEYMGMT_fetch(NULL, "RSA", NULL));
    EVP_KEYEXCH_free(EVP_KEYEXCH_fetch(NULL, "ECDH", NULL));
    EVP_SIGNATURE_free(EVP_SIGNATURE_fetch(NULL, "RSA", NULL));
    EVP_ASYM_CIPHER_free(EVP_ASYM_CIPHER_fetch(NULL, "RSA", NULL));
    OSSL_DECODER_free(OSSL_DECODER_fetch(NULL, "RSA", NULL));

    ngx_http_auth_token_tls_clear();
}


/* extensions are read at the first use; for want of memory they are invalid */

void
ngx_http_auth_token_tls_extensions(void *certs)
{
    int              i;
    STACK_OF(X509)  *sk;

    sk = certs;

    for (i = 0; i < sk_X509_num(sk); i++) {
        (void) X509_check_purpose(sk_X509_value(sk, i), -1, 0);
    }
}
