/* work/janus_conf.h - the configuration of a media server (Janus) and a relay (coturn) as this program wants
 * them: on loopback but for what carries sound and picture, with secrets made now, and nothing switched on
 * that is not used. */
#pragma once

#include "base/req.h"

struct janus_conf {
    struct str folder;   /* where the files go; it is there */
    struct str recordings; /* folder where meetings are recorded; it is there; empty: they are not */
    struct str address;  /* of this machine, where sound and picture go; empty: Janus finds its own */
    struct str public_address; /* what is announced instead, behind address translation; empty: none */
    unsigned janus_port; /* of Janus's API; its admin interface listens one port above */
    unsigned media_port; /* the first of 1000 UDP ports of sound and picture */
    unsigned turn_port;  /* of the relay; 1000 UDP ports from media_port + 1000 are its */
    bool loopback;       /* the relay may reach loopback addresses: for tests on one machine */
};
/* Names of what is written in the folder. */
#define JANUS_CONF_FOLDER "janus"          /* configuration folder of Janus: janus -F FOLDER/janus */
#define JANUS_CONF_SERVER "media-server"   /* the file media_servers names */
#define JANUS_CONF_TURN "turnserver.conf"  /* turnserver -c FOLDER/turnserver.conf */
#define JANUS_CONF_OURS "consilium.conf"   /* lines for ours */

/* Writes all files anew, with new secrets; readable by their owner alone. ret_turn_secret is in the arena.
 * errors  E_IO, E_FULL; E_TOO_LARGE  a path; E_BAD_INPUT  an address with signs that no address has */
MUST_USE enum err janus_conf_write(struct req *rq, const struct janus_conf *c, struct str *ret_turn_secret);
