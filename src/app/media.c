/* app/media.c - consilium media conf: configuration of a media server and a relay. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/command.h"
#include "os/file.h"
#include "work/janus_conf.h"

enum { JANUS_PORT = 8088, MEDIA_PORT = 20000, TURN_PORT = 3478, PORT_MOST = 63000 };

static enum err port_option(struct command_args *args, const char *name, unsigned *port)
{
    struct str text = str_z(command_option(args, name));
    uint64_t n = *port;
    if (text.n > 0 && (!str_u64(text, &n) || n == 0 || n > PORT_MOST)) {
        return FAIL(args->rq, E_BAD_INPUT, "--%s: a port from 1 to %d", name, PORT_MOST);
    }
    *port = (unsigned)n;
    return OK;
}

/* The folder with its full name: other programs are started elsewhere. */
static enum err folder_whole(struct req *rq, const char *name, struct str *ret_folder)
{
    TRY(os_mkdir(rq, name));
    char whole[PATH_MAX];
    if (realpath(name, whole) == NULL) {
        return FAIL(rq, E_IO, "the folder's name");
    }
    *ret_folder = arena_str(rq->a, str_z(whole));
    TRY_MEM(rq, ret_folder->p);
    return OK;
}

static enum err media_conf(struct command_args *args)
{
    struct req *rq = args->rq;
    struct str turn;
    const char *recordings = command_option(args, "recordings");
    struct janus_conf c = {.address = str_z(command_option(args, "address")),
                           .public_address = str_z(command_option(args, "public")),
                           .janus_port = JANUS_PORT,
                           .media_port = MEDIA_PORT,
                           .turn_port = TURN_PORT,
                           .loopback = str_eq(str_z(command_option(args, "loopback")), S("true"))};
    TRY(port_option(args, "janus-port", &c.janus_port));
    TRY(port_option(args, "media-port", &c.media_port));
    TRY(port_option(args, "turn-port", &c.turn_port));
    TRY(folder_whole(rq, args->words[0], &c.folder));
    if (recordings != NULL) {
        TRY(folder_whole(rq, recordings, &c.recordings));
    }
    TRY(janus_conf_write(rq, &c, &turn));
    printf("janus -F %.*s/" JANUS_CONF_FOLDER "\n", STR_ARG(c.folder));
    printf("turnserver -c %.*s/" JANUS_CONF_TURN "\n", STR_ARG(c.folder));
    printf("settings: %.*s/" JANUS_CONF_OURS "\n", STR_ARG(c.folder));
    return OK;
}

int command_media_conf(struct command_args *args)
{
    if (args->n_words < 1) {
        return COMMAND_USAGE;
    }
    return media_conf(args) == OK ? COMMAND_OK : COMMAND_FAILED;
}
