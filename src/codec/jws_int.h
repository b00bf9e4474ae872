/* codec/jws_int.h - what keys and signatures share: OpenSSL's form of a key. */
#pragma once

#include "codec/jws.h"
#include "codec/pkey_int.h"

/* gives OpenSSL's key; NULL when the numbers make none (a point that is not on its curve). */
EVP_PKEY *jwk_int_pkey(const struct jwk *key);
