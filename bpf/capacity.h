/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How much the maps hold unless an option says otherwise: for the maps, and for the options and their help. */
#pragma once

#define DEFAULT_CONNECTIONS 262144
#define DEFAULT_WORKERS     4096
#define DEFAULT_SERVICES    1024
#define DEFAULT_RING_BYTES  (8 << 20)
#define LISTENERS_OF_A_USER 4096
#define LIVES_OF_A_USER     14000

/*
 * How much a map that all users' sockets fill holds in all, if it is to hold so much for each: a user may have
 * SHARE_OF_THE_REST times what is free. See admit().
 */
#define SHARE_OF_THE_REST           7
#define WITH_ROOM_FOR_OTHERS(limit) ((limit) + (limit) / SHARE_OF_THE_REST + 1)
