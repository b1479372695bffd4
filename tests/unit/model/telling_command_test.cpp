// SPDX-License-Identifier: BSD-2-Clause
#include "model/telling_command.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace acceptscope {
namespace {

struct Case {
  std::string comm, cmdline, told;
};

TEST(TellingCommand, OfRealCommandLines) {
  const std::vector<Case> cases = {
      // Titles that programs give themselves.
      {"gunicorn", "gunicorn: worker [app]", "gunicorn: worker [app]"},
      {"gunicorn", "gunicorn: master [app.wsgi]", "gunicorn: master [app.wsgi]"},
      {"nginx", "nginx: worker process", "nginx: worker process"},
      {"nginx", "nginx: master process /usr/sbin/nginx -g daemon on;",
       "nginx: master process /usr/sbin/nginx -g daemon on;"},
      {"php-fpm8.2", "php-fpm: pool www       ", "php-fpm: pool www"},
      {"ruby", "unicorn worker[3] -c config/unicorn.rb -D", "unicorn worker[3]"},
      {"ruby", "unicorn master -c config/unicorn.rb -D", "unicorn master"},
      {"ruby", "puma: cluster worker 1: 4120 [shop]", "puma: cluster worker 1: 4120 [shop]"},
      {"postgres", "postgres: checkpointer ", "postgres: checkpointer"},
      // Python.
      {"python3", "python3 /srv/server.py --x", "server.py"},
      {"python3.11", "/usr/bin/python3.11 -u /srv/app/server.py 8000", "server.py"},
      {"python3", "python3 -m http.server", "http.server"},
      {"python3", "python3 -Bm http.server 8000 --bind 127.0.0.1", "http.server"},
      {"python3", "python3 -W ignore -X dev -Wd worker.py", "worker.py"},
      {"python3", "python3 manage.py runserver 0:8000", "manage.py"},
      {"uvicorn", "/venv/bin/python3 /venv/bin/uvicorn app:app --workers 4", "uvicorn app:app"},
      {"python3", "python3 -m uvicorn --host 0.0.0.0 --port 8000 app.main:create_app", "uvicorn app.main:create_app"},
      {"gunicorn", "/venv/bin/python /venv/bin/gunicorn -b localhost:8000 -b unix:/run/a.sock shop.wsgi:app",
       "gunicorn shop.wsgi:app"},
      {"gunicorn", "/venv/bin/python /venv/bin/gunicorn -w 4 shop.wsgi", "gunicorn"},
      {"hypercorn", "hypercorn app:app", "hypercorn app:app"},
      {"python3", "/usr/bin/python3 -c from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5) --fork",
       "multiprocessing.spawn"},
      {"python3", "python3 -c import socket; serve()", "python3"},
      {"python3", "python3", "python3"},
      {"python3", "python3 -m", "python3"},
      {"pypy3", "pypy3 /srv/x.py", "x.py"},
      // Others.
      {"node", "node cluster.js", "cluster.js"},
      {"node", "/usr/bin/node --max-old-space-size=4096 -r dotenv/config /app/dist/main.js", "main.js"},
      {"node", "node -e require('cluster')", "node"},
      {"bun", "bun run server.ts", "server.ts"},
      {"deno", "deno run --allow-net /srv/main.ts", "main.ts"},
      {"java", "java -jar x.jar", "x.jar"},
      {"java", "/usr/bin/java -Xmx2g -Dx=y -cp /a.jar:/b.jar org.example.shop.Main --port 80", "Main"},
      {"java", "java -Xms1g -jar /opt/app/shop-1.2.jar --spring.profiles.active=prod", "shop-1.2.jar"},
      {"java", "java -m org.example/org.example.Server", "Server"},
      {"ruby", "ruby -I lib bin/server.rb", "server.rb"},
      {"perl", "/usr/bin/perl -w /srv/starman.pl", "starman.pl"},
      {"php", "php -d memory_limit=1G artisan serve", "artisan"},
      {"php", "php -S 0.0.0.0:8000 -t public", "php"},
      {"bash", "/bin/bash /srv/run.sh", "run.sh"},
      {"sh", "sh -c exec server", "sh"},
      {"dotnet", "dotnet /app/Shop.dll", "Shop.dll"},
      // Programs whose name tells by itself.
      {"redis-server", "/usr/bin/redis-server 127.0.0.1:6379", "redis-server"},
      {"haproxy", "/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg", "haproxy"},
      {"server", "/opt/My App/bin/server --x", "server"},
      {"pythonista", "pythonista /srv/x.py", "pythonista"},
  };
  for (const Case& one : cases)
    EXPECT_EQ(telling_command(one.comm, OutsideText(one.cmdline)), OutsideText(one.told)) << one.cmdline;
}

TEST(TellingCommand, OfWhatIsNotKnown) {
  EXPECT_EQ(telling_command("kworker", std::nullopt), OutsideText("kworker"));
  EXPECT_EQ(telling_command("x", OutsideText("")), OutsideText("x"));
  EXPECT_EQ(telling_command("x", OutsideText("   ")), OutsideText("x"));
  EXPECT_EQ(telling_command("", OutsideText("python3 /")), OutsideText("/"));
  EXPECT_EQ(telling_command("java", OutsideText("java a/b.")), OutsideText("java"));
}

TEST(TellingCommand, OfAThreadIsItsNameIfItHasOne) {
  EXPECT_EQ(telling_command("http-nio-8080-e", OutsideText("java -jar x.jar"), true), OutsideText("http-nio-8080-e"));
  EXPECT_EQ(telling_command("python3", OutsideText("python3 server.py"), true), OutsideText("server.py"));
}

TEST(TellingCommand, KeepsTheBytesOfHostileOnesForTheEscaping) {
  EXPECT_EQ(telling_command("python3", OutsideText("python3 /srv/\x1b[2J.py")), OutsideText("\x1b[2J.py"));
  EXPECT_EQ(telling_command("python3", OutsideText(std::string(100'000, ' ') + "\xff: \n")), OutsideText("\xff: \n"));
}

TEST(TellingCommand, OfASpawnedWorkerIsThatOfItsSupervisor) {
  const OutsideText spawned(
      "/usr/bin/python3 -c from multiprocessing.spawn import spawn_main; spawn_main(pipe_handle=7)");
  ServiceRow service;
  service.workers.resize(100);
  for (WorkerRow& row : service.workers) row.comm = "python3", row.cmdline = spawned;
  EXPECT_EQ(telling_command(service, service.workers[0]), OutsideText("multiprocessing.spawn")) << "nothing says more";

  service.workers[98].role = Role::supervisor;
  service.workers[98].cmdline = "/usr/bin/python3 -m uvicorn app:app --workers 98";
  EXPECT_EQ(telling_command(service, service.workers[0]), OutsideText("uvicorn app:app"));
  service.workers[1].cmdline = "python3 -m http.server";
  EXPECT_EQ(telling_command(service, service.workers[1]), OutsideText("http.server"));
}

}  // namespace
}  // namespace acceptscope
