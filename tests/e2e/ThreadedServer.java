// SPDX-License-Identifier: BSD-2-Clause
import com.sun.net.httpserver.HttpServer;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

/**
 * A server with a pool of threads that logs which client it served: a line "PID PORT" per request, "PID started" first.
 * One thread waits for all connections, those of the pool read and write. Argument: port.
 */
class ThreadedServer {
  private static FileOutputStream log;

  private static void write(Object text) {
    try {
      log.write((ProcessHandle.current().pid() + " " + text + "\n").getBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static void main(String[] arguments) throws IOException {
    log = new FileOutputStream(System.getenv("E2E_LOG"), true);
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])), 1024);
    server.setExecutor(Executors.newFixedThreadPool(8));
    server.createContext("/", exchange -> {
      write(exchange.getRemoteAddress().getPort());
      exchange.sendResponseHeaders(200, 2);
      exchange.getResponseBody().write("ok".getBytes());
      exchange.close();
    });
    server.start();
    write("started");
  }
}
