/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How much the maps hold unless an option says otherwise: for the maps, and for the options and their help. */
#pragma once

#define DEFAULT_CONNECTIONS 262144
#define DEFAULT_WORKERS     4096
#define DEFAULT_SERVICES    1024
#define DEFAULT_RING_BYTES  (8 << 20)
