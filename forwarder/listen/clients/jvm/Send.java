import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.komamitsu.fluency.EventTime;
import org.komamitsu.fluency.fluentd.FluencyBuilderForFluentd;

/** Sends records with Fluency: see package clients. */
public class Send {
    static boolean on(String name) {
        return "1".equals(System.getenv(name));
    }

    /** Trusts what the PEM file holds, and nothing else. */
    static SSLSocketFactory trusting(String file) throws Exception {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (var in = Files.newInputStream(Path.of(file))) {
            store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        var context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context.getSocketFactory();
    }

    public static void main(String[] args) throws Exception {
        var builder = new FluencyBuilderForFluentd();
        builder.setAckResponseMode(on("ACK"));
        builder.setWaitUntilBufferFlushed(60);
        if (on("TLS")) {
            builder.setSslEnabled(true);
            builder.setSslSocketFactory(trusting(System.getenv("CA")));
        }
        var fluency = builder.build(System.getenv("HOST"), Integer.parseInt(System.getenv("PORT")));
        int count = Integer.parseInt(System.getenv("COUNT"));
        for (int i = 0; i < count; i++) {
            var now = Instant.now();
            var at = String.format("%d.%09d", now.getEpochSecond(), now.getNano());
            Map<String, Object> record = Map.of("seq", i, "at", at, "message", "from the JVM",
                "nested", Map.of("a", Arrays.asList(1, 2.5, true, null, "é")));
            if (on("EVENTTIME")) {
                fluency.emit(System.getenv("TAG"), EventTime.fromEpoch(now.getEpochSecond(), now.getNano()), record);
            } else {
                fluency.emit(System.getenv("TAG"), now.getEpochSecond(), record);
            }
        }
        fluency.close();
        boolean flushed = fluency.waitUntilAllBufferFlushed(60) && fluency.waitUntilFlusherTerminated(60);
        System.exit(flushed ? 0 : 1);
    }
}
