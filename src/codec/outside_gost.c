/* codec/outside_gost.c - the engine that knows GOST R 34.10-2012 and 34.11-2012 (Debian's
 * libengine-gost-openssl), loaded into a process that does nothing else. See outside_wire.h. */
#define OPENSSL_SUPPRESS_DEPRECATED /* engines are what OpenSSL 3.0 and Debian have for GOST */
#include <openssl/engine.h>
#include <openssl/err.h>

#include "codec/outside_wire.h"

bool outside_gost_load(void)
{
    ENGINE *e = ENGINE_by_id("gost"); /* from the folder of OpenSSL's engines alone */
    bool ok = e != NULL && ENGINE_init(e) == 1 && ENGINE_set_default(e, ENGINE_METHOD_ALL) == 1;
    ENGINE_free(e);
    ERR_clear_error();
    return ok;
}
