/* app/demo_live.c - the demonstration's media server and relay: what is installed is started beside the
 * program, so that rooms of many work on one machine without a set-up. Real ones: doc/LIVE.md. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/config.h"
#include "app/demo.h"
#include "os/file.h"
#include "work/janus_conf.h"

enum { JANUS_PORT = 8188, MEDIA_PORT = 24000, TURN_PORT = 3578 };

/* NULL: not installed. */
static const char *found(struct req *rq, struct str name)
{
    const char *path = NULL;
    if (os_program_find(rq, name, &path) != OK) {
        err_clear(rq);
        return NULL;
    }
    return path;
}

static const char *in_folder(struct req *rq, const char *folder, struct str name)
{
    char path[OS_PATH_MAX];
    return os_path(rq, str_z(folder), name, path) == OK ? arena_cstr(rq->a, str_z(path)) : NULL;
}

static enum err media_folder(struct req *rq, struct str data, const char **ret_folder)
{
    char whole[PATH_MAX];
    const char *name = arena_cstr(rq->a, data);
    TRY_MEM(rq, name);
    if (realpath(name, whole) == NULL) {
        return FAIL(rq, E_IO, "the folder's name");
    }
    *ret_folder = in_folder(rq, whole, S("media"));
    TRY_MEM(rq, *ret_folder);
    return os_mkdir(rq, *ret_folder);
}

static enum err janus_up(struct req *rq, const char *program, const char *folder, struct config *config,
                         struct os_beside *beside)
{
    const char *conf = in_folder(rq, folder, S(JANUS_CONF_FOLDER));
    const char *server = in_folder(rq, folder, S(JANUS_CONF_SERVER));
    const char *const argv[] = {program, "-F", conf, NULL};
    TRY_MEM(rq, conf);
    TRY_MEM(rq, server);
    config->media_servers = str_z(server);
    return os_beside_start(rq, argv, beside);
}

static enum err turn_up(struct req *rq, const char *program, const char *folder, struct str secret,
                        struct config *config, struct os_beside *beside)
{
    static const char urls[] = "turn:127.0.0.1:3578?transport=udp, turn:127.0.0.1:3578?transport=tcp";
    const char *conf = in_folder(rq, folder, S(JANUS_CONF_TURN));
    const char *const argv[] = {program, "-c", conf, NULL};
    TRY_MEM(rq, conf);
    config->turn_urls = str_z(urls);
    config->turn_secret = secret;
    return os_beside_start(rq, argv, beside);
}

enum err demo_live_start(struct req *rq, struct config *config, struct demo_live *ret_live)
{
    const char *janus = config->media_servers.n > 0 ? NULL : found(rq, S("janus"));
    const char *turn = config->turn_urls.n > 0 ? NULL : found(rq, S("turnserver"));
    const char *folder = NULL;
    struct str secret;
    if (janus == NULL && turn == NULL) {
        printf("Rooms of more than four need a media server (Debian's package janus): doc/LIVE.md\n");
        return OK;
    }
    TRY(media_folder(rq, config->data, &folder));
    const char *recordings = in_folder(rq, folder, S("recordings"));
    TRY_MEM(rq, recordings);
    TRY(os_mkdir(rq, recordings));
    if (config->recordings.n == 0) {
        config->recordings = str_z(recordings);
    }
    const struct janus_conf c = {.folder = str_z(folder),
                                 .janus_port = JANUS_PORT,
                                 .media_port = MEDIA_PORT,
                                 .turn_port = TURN_PORT,
                                 .loopback = true};
    TRY(janus_conf_write(rq, &c, &secret));
    if (janus != NULL) {
        TRY(janus_up(rq, janus, folder, config, &ret_live->janus));
        printf("Media server (Janus) started.\n");
    }
    if (turn != NULL) {
        TRY(turn_up(rq, turn, folder, secret, config, &ret_live->turn));
        printf("Relay (coturn) started.\n");
    }
    return OK;
}

void demo_live_stop(struct demo_live *live)
{
    os_beside_stop(&live->janus);
    os_beside_stop(&live->turn);
}
