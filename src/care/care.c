/* care/care.c - the defaults of the care settings. */
#include "care/care.h"

#include "care/account.h"

void care_init(struct care *care)
{
    *care = (struct care){
        .zone = {.first_min = 300},
        .session_idle_ms = 8 * MS_HOUR,
        .session_max_ms = 7 * MS_DAY,
        .draft_keep_ms = 90 * MS_DAY,
        .hooks = {.most = 50, .keep_ms = 30 * MS_DAY},
        .password_least = PASSWORD_LEAST,
        .lock_after = 5,
        .password_ops = 3,
        .password_mem = 64 << 20,
    };
    for (size_t i = 0; i < LEN(care->sign_in_turns); i++) {
        os_mutex_init(&care->sign_in_turns[i]);
    }
    os_mutex_init(&care->unpacking);
    for (size_t i = 0; i < LEN(care->images); i++) {
        os_mutex_init(&care->images[i].lock);
        os_cond_init(&care->images[i].turn);
    }
}
