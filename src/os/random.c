/* os/random.c - unpredictable bytes. See random.h. */
#include "os/random.h"

#include <errno.h>
#include <sys/random.h>

#include "base/err.h"

void os_random(void *p, size_t n)
{
    uint8_t *at = p;
    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        ASSERT(got > 0);
        at += got;
        n -= (size_t)got;
    }
}

void os_id(char out[OS_ID_LEN + 1])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t raw[16];
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t at = 0;
    os_random(raw, sizeof(raw));
    for (size_t i = 0; i < sizeof(raw); i++) {
        bits = (bits << 8) | raw[i];
        n_bits += 8;
        while (n_bits >= 5) {
            n_bits -= 5;
            out[at++] = alphabet[(bits >> n_bits) & 31];
        }
    }
    out[at++] = alphabet[(bits << (5 - n_bits)) & 31];
    out[at] = 0;
}
