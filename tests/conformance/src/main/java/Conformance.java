import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.diagnostic.TimestampWrapper;
import eu.europa.esig.dss.diagnostic.jaxb.XmlObjectModification;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** Asks veraPDF and EU DSS about every PDF in a folder; one line per file and profile, then how many passed. */
public final class Conformance {
  private static int passed;
  private static int failed;

  public static void main(String[] arguments) throws Exception {
    Logger.getLogger("").setLevel(Level.OFF);
    VeraGreenfieldFoundryProvider.initialise();
    File folder = new File(arguments[0]);
    File[] files = folder.listFiles((directory, name) -> name.endsWith(".pdf"));
    if (files == null || files.length == 0) throw new IllegalArgumentException("No PDF in " + folder);
    Arrays.sort(files, Comparator.comparing(File::getName));
    for (File file : files) {
      validate(file, PDFAFlavour.PDFA_3_A, "PDF/A-3A");
      validate(file, PDFAFlavour.PDFUA_1, "PDF/UA-1");
      int signatures = signaturesIn(file.getName());
      if (signatures > 0) checkSignatures(file, folder, signatures);
    }
    System.out.println(passed + " passed, " + failed + " failed");
    System.exit(failed == 0 ? 0 : 1);
  }

  /** A name such as large-2-signed.pdf says how many signatures must be found. */
  private static int signaturesIn(String name) {
    return name.endsWith("-signed.pdf") ? Integer.parseInt(name.split("-")[1]) : 0;
  }

  private static void validate(File file, PDFAFlavour flavour, String profile) throws Exception {
    try (InputStream stream = new FileInputStream(file);
        PDFAParser parser = Foundries.defaultInstance().createParser(stream, flavour);
        PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
      ValidationResult result = validator.validate(parser);
      say(result.isCompliant(), file, profile, result.getTotalAssertions() + " checks");
      Map<String, Integer> broken = new TreeMap<>();
      for (TestAssertion assertion : result.getTestAssertions()) {
        if (assertion.getStatus() != TestAssertion.Status.FAILED) continue;
        String where = assertion.getLocation() == null ? "" : " at " + assertion.getLocation().getContext();
        String rule = assertion.getRuleId().getClause() + "-" + assertion.getRuleId().getTestNumber();
        if (broken.merge(rule, 1, Integer::sum) <= 3) {
          System.out.println("    " + rule + " " + assertion.getMessage() + where);
        }
      }
      if (!broken.isEmpty()) System.out.println("    rules broken, and how often: " + broken);
    }
  }

  /** The level that all signatures must have: small-3-LTA-signed.pdf says LTA, and a name without one says B. */
  private static SignatureLevel levelIn(String name) {
    String[] parts = name.split("-");
    String level = parts.length > 3 ? parts[2] : "B";
    return SignatureLevel.valueByName("PAdES-BASELINE-" + level);
  }

  private static void checkSignatures(File file, File folder, int expected) {
    CommonTrustedCertificateSource trusted = new CommonTrustedCertificateSource();
    for (File certificate : folder.listFiles((directory, name) -> name.endsWith(".der"))) {
      trusted.addCertificate(DSSUtils.loadCertificate(certificate));
    }
    SignatureLevel level = levelIn(file.getName());
    CommonCertificateVerifier verifier = new CommonCertificateVerifier();
    verifier.setTrustedCertSources(trusted);
    SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(file));
    validator.setCertificateVerifier(verifier);
    Reports reports = validator.validateDocument();
    DiagnosticData data = reports.getDiagnosticData();
    boolean all = data.getSignatures().size() == expected;
    StringBuilder detail = new StringBuilder(data.getSignatures().size() + " of " + expected + " signatures");
    for (SignatureWrapper signature : data.getSignatures()) {
      boolean holds = signature.getSignatureFormat() == level
          && signature.isSignatureIntact() && signature.isSignatureValid() && signature.isBLevelTechnicallyValid()
          && signature.isTrustedChain() && signature.getStructuralValidationMessages().isEmpty();
      List<String> changes = changedLater(signature);
      all = all && holds && changes.isEmpty();
      detail.append("; ").append(signature.getSignatureFormat())
          .append(signature.isSignatureIntact() && signature.isSignatureValid() ? " intact" : " BROKEN")
          .append(signature.isTrustedChain() ? " trusted" : " UNTRUSTED");
      changes.forEach(change -> detail.append("\n    changed later: ").append(change));
      if (!signature.getStructuralValidationMessages().isEmpty()) {
        detail.append(" ").append(signature.getStructuralValidationMessages());
      }
    }
    for (TimestampWrapper timestamp : data.getTimestampList()) {
      boolean holds = timestamp.isMessageImprintDataIntact() && timestamp.isSignatureIntact()
          && timestamp.isSignatureValid() && timestamp.isTrustedChain();
      all = all && holds;
      detail.append("; ").append(timestamp.getType()).append(holds ? " holds" : " DOES NOT HOLD");
    }
    boolean forged = file.getName().startsWith("altered-");
    say(all != forged, file, "PAdES-B-" + levelIn(file.getName()).toString().replaceAll(".*-", ""), (forged ? "must be refused: " : "") + detail);
  }

  /**
   * What changed after a signature, other than a later signatory filling the field kept for that. DSS knows such a
   * field by its way through the form; it meets it again through the tag tree, where PDF/UA wants it.
   */
  private static List<String> changedLater(SignatureWrapper signature) {
    return Stream.concat(signature.getPdfUndefinedChanges().stream(), signature.getPdfAnnotationChanges().stream())
        .map(XmlObjectModification::getValue)
        .filter(path -> !path.matches("/Catalog /StructTreeRoot .*/Obj \\d+ 0 R /V \\d+ 0 R"))
        .toList();
  }

  private static void say(boolean good, File file, String profile, String detail) {
    if (good) passed++;
    else failed++;
    System.out.printf("%-6s %-28s %-10s %s%n", good ? "passed" : "FAILED", file.getName(), profile, detail);
    System.out.flush();
  }
}
