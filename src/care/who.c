/* care/who.c - the actors that are no person. */
#include "care/who.h"

const struct who who_system = {
    .audit = {.actor = SI("system"), .login = SI(""), .role = SI("system"), .org = SI("")},
    .name = SI("system"),
    .rights = IS_SYSTEM | MAY_ASK | MAY_ANSWER | MAY_COORDINATE | MAY_HEAD | MAY_REGISTER | MAY_ADMIN
              | MAY_AUDIT | MAY_VISIT | MAY_BOOK,
    .scopes = SCOPE_ALL,
};

const struct who who_clock = {
    .audit = {.actor = SI("clock"), .login = SI(""), .role = SI("clock"), .org = SI("")},
    .name = SI("clock"),
    .rights = IS_SYSTEM | IS_CLOCK,
    .scopes = SCOPE_ALL,
};
